public import Tensors

/// The clips that a training of the dynamics draws from.
///
/// Two kinds: those of a library, whose frames are decoded when they are asked for, and those of tests.
public protocol TrainingClips: AnyObject {
    /// The number of clips.
    var count: Int { get }
    /// When the frames of a clip are shown: rising, in units of t.
    func times(of clip: Int) throws -> [Double]
    /// What a clip shows, in words; nil if nobody said so.
    func caption(of clip: Int) -> String?
    /// `z_C [L, D]` of a clip.
    func content(of clip: Int) throws -> Tensor<Float>
    /// Some frames of a clip at the generator's size: `[n, H, W, 3]`, RGB.
    func frames(of clip: Int, _ indices: [Int]) throws -> Tensor<UInt8>
    /// The codes of some frames of a clip: `[n, L, D]`.
    func codes(of clip: Int, _ indices: [Int]) throws -> Tensor<Float>
}
