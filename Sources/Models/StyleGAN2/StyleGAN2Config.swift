public import Tensors

/// The sizes of a StyleGAN2 generator, enough to check its weights against.
public struct StyleGAN2Config: Codable, Sendable, Hashable {
    /// Who wrote the checkpoint: the key names, and where gains are applied.
    public enum Layout: String, Codable, Sendable {
        /// rosinality/stylegan2-pytorch: `conv1.conv.weight`, `to_rgbs.0.bias`.
        case rosinality
        /// NVlabs/stylegan2-ada-pytorch and stylegan3: `synthesis.b4.conv1.weight`.
        case nvidia
    }

    /// The key layout.
    public var layout: Layout
    /// The height of the image in pixels, a power of 2 from 8.
    public var height: Int
    /// The width of the image: the height, or half of it (StyleGAN-Human).
    public var width: Int
    /// D, the width of a W vector.
    public var styleDim: Int
    /// The number of linear layers of the mapping network; 0 if the file has none.
    public var mappingLayers: Int
    /// Features per resolution from 4 rows up: one entry each for 4, 8, 16, ...
    public var channels: [Int]
    /// The largest magnitude let through after each activation; nil for none.
    public var convClamp: Float?

    /// Collects the sizes.
    public init(
        layout: Layout,
        height: Int,
        width: Int,
        styleDim: Int,
        mappingLayers: Int,
        channels: [Int],
        convClamp: Float? = nil
    ) {
        self.layout = layout
        self.height = height
        self.width = width
        self.styleDim = styleDim
        self.mappingLayers = mappingLayers
        self.channels = channels
        self.convClamp = convClamp
    }

    /// L, the number of W+ layers: `2 * log2(height) - 2`.
    public var layerCount: Int { 2 * channels.count }

    /// Reads the sizes off the tensors; the clamp is not in them.
    ///
    /// - Parameter weights: The generator's tensors.
    /// - Throws: `WeightError` if neither layout is there.
    public init(inferredFrom weights: Weights) throws {
        let names = Set(weights.names)
        if names.contains("input.input") {
            let const = try weights.raw("input.input", [1, -1, -1, -1]).shape
            var channels = [const[1]]
            while let shape = weights.shape("convs.\(2 * (channels.count - 1) + 1).conv.weight"),
                shape.count == 5
            {
                channels.append(shape[1])
            }
            let affine = try weights.raw("conv1.conv.modulation.weight", [-1, -1]).shape
            self.init(
                layout: .rosinality,
                height: const[2] << (channels.count - 1),
                width: const[3] << (channels.count - 1),
                styleDim: affine[1],
                mappingLayers: names.count { $0.hasPrefix("style.") && $0.hasSuffix(".weight") },
                channels: channels
            )
            return
        }
        let const = try weights.raw("synthesis.b4.const", [-1, -1, -1]).shape
        var channels = [const[0]]
        while let shape = weights.shape("synthesis.b\(4 << channels.count).conv1.weight"),
            shape.count == 4
        {
            channels.append(shape[0])
        }
        let affine = try weights.raw("synthesis.b4.conv1.affine.weight", [-1, -1]).shape
        self.init(
            layout: .nvidia,
            height: const[1] << (channels.count - 1),
            width: const[2] << (channels.count - 1),
            styleDim: affine[1],
            mappingLayers: names.count { $0.hasPrefix("mapping.fc") && $0.hasSuffix(".weight") },
            channels: channels
        )
    }

    /// Checks the sizes against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        let square = 4 << max(0, channels.count - 1)
        guard channels.count >= 2, channels.count <= 12, channels.allSatisfy({ (1...4096) ~= $0 })
        else { throw ConfigError("channels", "needs 2 to 12 positive entries, got \(channels)") }
        guard height == square, width == square || width * 2 == square else {
            throw ConfigError(
                "height",
                "\(channels.count) resolutions give \(square) rows and as many or half as many "
                    + "columns, got \(height) x \(width)"
            )
        }
        guard (1...8192) ~= styleDim else { throw ConfigError("styleDim", "got \(styleDim)") }
        guard (0...64) ~= mappingLayers else {
            throw ConfigError("mappingLayers", "got \(mappingLayers)")
        }
    }
}
