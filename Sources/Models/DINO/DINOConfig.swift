public import Tensors

/// The sizes of a DINO vision transformer, enough to check its weights against.
public struct DINOConfig: Codable, Sendable, Hashable {
    /// The side of the square images of training; its grid is that of the position embedding.
    public var imageSize: Int
    /// p, the side of a patch in pixels; divides `imageSize`.
    public var patch: Int
    /// D, the width of a token.
    public var width: Int
    /// The number of attention heads; divides the width.
    public var heads: Int
    /// The number of blocks.
    public var layers: Int
    /// Added to variances in layer norms.
    public var eps: Float

    /// Collects the sizes.
    public init(
        imageSize: Int,
        patch: Int,
        width: Int,
        heads: Int,
        layers: Int,
        eps: Float = 1e-6
    ) {
        self.imageSize = imageSize
        self.patch = patch
        self.width = width
        self.heads = heads
        self.layers = layers
        self.eps = eps
    }

    /// Reads the sizes off the tensors.
    ///
    /// - Parameters:
    ///   - weights: The model's tensors.
    ///   - heads: The number of heads, which no tensor tells; nil for width / 64.
    /// - Throws: `WeightError` if a tensor is missing.
    public init(inferredFrom weights: Weights, heads: Int? = nil) throws {
        let patches = try weights.raw("patch_embed.proj.weight", [-1, 3, -1, -1]).shape
        let positions = try weights.raw("pos_embed", [1, -1, patches[0]]).shape
        let grid = Int(Double(max(positions[1] - 1, 0)).squareRoot().rounded())
        self.init(
            imageSize: grid * patches[2],
            patch: patches[2],
            width: patches[0],
            heads: heads ?? max(1, patches[0] / 64),
            layers: weights.layerCount { "blocks.\($0)." }
        )
    }

    /// The side of the position embedding in patches.
    package var grid: Int { imageSize / patch }

    /// Checks the sizes against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        guard (1...1024) ~= patch, (1...8192) ~= imageSize, imageSize % patch == 0 else {
            throw ConfigError("imageSize", "needs a multiple of patch \(patch), got \(imageSize)")
        }
        guard (1...65_536) ~= width, heads >= 1, width % heads == 0 else {
            throw ConfigError("heads", "needs a divisor of the width \(width), got \(heads)")
        }
        guard (1...1024) ~= layers else { throw ConfigError("layers", "got \(layers)") }
        guard eps > 0, eps < 1 else { throw ConfigError("eps", "needs 0 < eps < 1, got \(eps)") }
    }
}
