public import Tensors

/// The first layer of a vision transformer: one token per square patch.
///
/// It is the strided convolution `[D, 3, p, p]` written as one matrix product over all patches; rows and columns
/// beyond the last whole patch are not read.
/// Shapes: images `[N, 3, H, W]` to tokens `[N, P, D]`, patches row by row. Source: Dosovitskiy et al. 2021.
public struct PatchEmbedding: Sendable {
    /// p, the side of a patch in pixels.
    public let patch: Int
    private let channels: Int
    private let linear: Linear

    /// Wraps `weight [D, C, p, p]` and `bias [D]`.
    public init(weight: Tensor<Float>, bias: Tensor<Float>? = nil) {
        precondition(weight.rank == 4 && weight.shape[2] == weight.shape[3], "\(weight.shape)")
        patch = weight.shape[2]
        channels = weight.shape[1]
        linear = Linear(
            weight: weight.reshaped([weight.shape[0], channels * patch * patch]),
            bias: bias
        )
    }

    /// Cuts the images into patches and projects them.
    public func callAsFunction(_ images: Tensor<Float>) -> Tensor<Float> {
        precondition(images.rank == 4 && images.shape[1] == channels, "\(images.shape)")
        let grid = Grid(images.shape, patch: patch)
        let size = channels * patch * patch
        let patches = Tensor<Float>(uninitialized: [grid.samples, grid.count, size]) { out in
            guard let out = out.baseAddress else { return }
            images.scalars.withUnsafeBufferPointer { pixels in
                guard let pixels = pixels.baseAddress else { return }
                grid.eachLine { image, line in
                    (out + line).initialize(from: pixels + image, count: patch)
                }
            }
        }
        return linear(patches)
    }
}

/// How patches tile images `[N, C, H, W]`.
private struct Grid {
    let samples: Int
    let channels: Int
    let height: Int
    let width: Int
    let patch: Int

    init(_ shape: [Int], patch: Int) {
        samples = shape[0]
        channels = shape[1]
        height = shape[2]
        width = shape[3]
        self.patch = patch
    }

    /// The patches of an image.
    var count: Int { (height / patch) * (width / patch) }

    /// Calls `body` with where each line of each patch starts in the images and in `[N, P, C, p, p]`.
    func eachLine(_ body: (_ image: Int, _ line: Int) -> Void) {
        var line = 0
        for sample in 0..<samples {
            for top in stride(from: 0, through: height - patch, by: patch) {
                for left in stride(from: 0, through: width - patch, by: patch) {
                    for channel in 0..<channels {
                        let plane = (sample * channels + channel) * height
                        for row in top..<top + patch {
                            body((plane + row) * width + left, line)
                            line += patch
                        }
                    }
                }
            }
        }
    }
}
