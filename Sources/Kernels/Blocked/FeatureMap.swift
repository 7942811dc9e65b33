internal import CKernels
internal import Glibc
public import Tensors

/// Features `[N, C, H, W]` with their channels in blocks of 16 and a border of zeros, as the kernels of
/// StyleGAN2 read and write them.
///
/// The memory belongs to a `FeatureScratch` and is written anew by every layer.
public struct FeatureMap {
    /// `[N, C, H, W]`.
    public let shape: [Int]
    var map: ck_map
    /// Keeps the memory alive.
    private let block: FeatureScratch.Block

    /// The number of channels in a block.
    static let line = 16

    init(_ shape: [Int], in block: FeatureScratch.Block) {
        self.shape = shape
        self.block = block
        map = ck_map(
            data: block.reserve(Self.floatCount(shape)),
            samples: shape[0],
            blocks: Self.blockCount(shape[1]),
            height: shape[2],
            width: shape[3]
        )
        withUnsafePointer(to: map) { ck_clear_border($0) }
    }

    /// The floats of a map with its border.
    static func floatCount(_ shape: [Int]) -> Int {
        shape[0] * blockCount(shape[1]) * (shape[2] + 2) * (shape[3] + 2) * line
    }

    /// How many blocks hold a number of channels.
    static func blockCount(_ channels: Int) -> Int { (channels + line - 1) / line }

    /// Fills the map.
    public func load(_ x: Tensor<Float>) {
        precondition(x.shape == shape, "features of \(x.shape) for a map of \(shape)")
        withUnsafePointer(to: map) { ck_load(x.scalars, shape[1], $0) }
    }

    /// The features in the plain layout.
    public var tensor: Tensor<Float> {
        Tensor(uninitialized: shape) { out in
            guard let start = out.baseAddress else { return }
            withUnsafePointer(to: map) { ck_store($0, shape[1], start) }
        }
    }
}

/// The memory that the layers of a synthesis work in; it only grows, so that a film pays for its pages once.
public final class FeatureScratch {
    /// A piece of memory that only grows.
    final class Block {
        private var start: UnsafeMutablePointer<Float>?
        private(set) var capacity = 0

        func reserve(_ floats: Int) -> UnsafeMutablePointer<Float> {
            if let start, floats <= capacity { return start }
            free(start)
            guard let fresh = ck_aligned(floats) else {
                preconditionFailure("no memory for \(floats) floats")
            }
            (start, capacity) = (fresh, floats)
            return fresh
        }

        deinit { free(start) }
    }

    /// What a layer reads and what it writes; the next one reads what this one wrote.
    private let features = [Block(), Block()]
    private var turn = 0
    let scaled = Block()
    let wide = Block()
    let products = Block()
    let styles = Block()
    let demodulation = Block()
    let bias = Block()

    /// Starts without memory.
    public init() { Self.prepareProcess() }

    static func prepareProcess() { ck_prepare_process() }

    /// A map for the next layer to write; the one before it stays readable, older ones are gone.
    public func next(_ shape: [Int]) -> FeatureMap {
        turn = 1 - turn
        return FeatureMap(shape, in: features[turn])
    }

    /// Numbers `[N, C]` with each row filled up to whole blocks; all of them `filling` if there are none.
    func padded(
        _ x: Tensor<Float>?,
        _ shape: [Int],
        in block: Block,
        filling: Float
    ) -> UnsafePointer<Float> {
        let (rows, width) = (shape[0], shape[1])
        let stride = FeatureMap.blockCount(width) * FeatureMap.line
        let start = block.reserve(rows * stride)
        start.update(repeating: filling, count: rows * stride)
        guard let x else { return UnsafePointer(start) }
        for row in 0..<rows {
            for column in 0..<width {
                start[row * stride + column] = x.scalars[row * width + column]
            }
        }
        return UnsafePointer(start)
    }
}
