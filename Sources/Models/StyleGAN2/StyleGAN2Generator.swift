internal import Kernels
internal import Layers
public import Tensors

/// The StyleGAN2 synthesis network `G`, with its mapping network if the weights have one.
///
/// Shapes: W+ codes `[N, L, D]` to images `[N, 3, H, W]`, RGB, about -1...1, float32.
/// Source: Karras et al. 2020; spec section 3.
public struct StyleGAN2Generator: Sendable {
    /// The sizes.
    public let config: StyleGAN2Config
    /// From z to w, or nil if the weights have none.
    public let mapping: MappingNetwork?
    /// `[1, C, 4, 4]` or `[1, C, 4, 2]`.
    let const: Tensor<Float>
    let first: StyledConvolution
    let firstRGB: ToRGB
    let blocks: [Block]
    private let workspace = Workspace { FeatureScratch() }

    /// One resolution: upsampling convolution, plain convolution, ToRGB.
    struct Block: Sendable {
        let rows: Int
        let up: StyledConvolution
        let plain: StyledConvolution
        let rgb: ToRGB

        /// The work from what the upsampling convolution leaves, `[N, I, H, W]`, to the picture, with the
        /// features between counted as if they passed through memory.
        func cost(_ x: FeatureMap) -> LayerCost {
            plain.convolution.cost(x) + rgb.kernel.cost(x.shape)
        }
    }

    init(
        config: StyleGAN2Config,
        mapping: MappingNetwork?,
        const: Tensor<Float>,
        first: StyledConvolution,
        firstRGB: ToRGB,
        blocks: [Block]
    ) {
        self.config = config
        self.mapping = mapping
        self.const = const
        self.first = first
        self.firstRGB = firstRGB
        self.blocks = blocks
    }

    /// Reads the weights in the layout that the configuration names.
    ///
    /// - Parameters:
    ///   - config: The sizes; validated here.
    ///   - weights: The generator's tensors.
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: StyleGAN2Config, _ weights: Weights) throws {
        try config.validate()
        let reader: any GeneratorReader =
            switch config.layout {
            case .rosinality: RosinalityReader(config: config, weights: weights)
            case .nvidia: NVIDIAReader(config: config, weights: weights)
            }
        self.config = config
        mapping = config.mappingLayers > 0 ? try reader.mapping() : nil
        const = try reader.const()
        first = try reader.styled(resolution: 0, part: .plain)
        firstRGB = try reader.rgb(resolution: 0)
        blocks = try (1..<config.channels.count).map { resolution in
            Block(
                rows: 4 << resolution,
                up: try reader.styled(resolution: resolution, part: .up),
                plain: try reader.styled(resolution: resolution, part: .plain),
                rgb: try reader.rgb(resolution: resolution)
            )
        }
    }

    /// Draws images from W+ codes.
    ///
    /// - Parameters:
    ///   - wPlus: `[N, L, D]`.
    ///   - options: An early stop, noise, an observer.
    /// - Returns: `[N, 3, H, W]`; smaller if stopped early.
    public func synthesize(
        _ wPlus: Tensor<Float>,
        options: SynthesisOptions = SynthesisOptions()
    ) -> Tensor<Float> {
        precondition(
            wPlus.rank == 3 && wPlus.shape[1] == config.layerCount
                && wPlus.shape[2] == config.styleDim,
            "W+ is [N, \(config.layerCount), \(config.styleDim)], got \(wPlus.shape)"
        )
        return ThreadPool.crew { draw(wPlus, options) }
    }

    private func draw(_ wPlus: Tensor<Float>, _ options: SynthesisOptions) -> Tensor<Float> {
        let samples = wPlus.shape[0]
        func w(_ layer: Int) -> Tensor<Float> {
            Tensor.stack((0..<samples).map { wPlus[$0][layer] })  // [N, D]
        }
        let start = Tensor.concatenate([Tensor](repeating: const, count: samples))
        let scratch = workspace.take()
        defer { workspace.giveBack(scratch) }
        var x = scratch.next(start.shape)
        x.load(start)
        x = first(x, w: w(0), name: "feat_4", options: options, scratch: scratch)
        var image = firstRGB(x, w: w(1), below: nil, name: "rgb_4", options: options)
        for (index, block) in blocks.enumerated() {
            if let rows = options.rows, rows <= block.rows / 2 { break }
            let layer = 1 + 2 * index
            let name = "feat_\(block.rows)"
            x = block.up(
                x,
                w: w(layer),
                name: name + "_up",
                options: options,
                scratch: scratch
            )
            let isLast =
                index == blocks.count - 1 || options.rows.map { $0 <= block.rows } ?? false
            if isLast, options.observe == nil {
                let rgb = block.rgb.layer(w: w(layer + 2), below: image)
                return options.measure("\(name) rgb_\(block.rows)", block.cost(x)) {
                    block.plain.draw(
                        x,
                        w: w(layer + 1),
                        rgb: rgb,
                        options: options,
                        scratch: scratch
                    )
                }
            }
            x = block.plain(x, w: w(layer + 1), name: name, options: options, scratch: scratch)
            image = block.rgb(
                x,
                w: w(layer + 2),
                below: image,
                name: "rgb_\(block.rows)",
                options: options
            )
        }
        return image
    }

    /// Every layer under one W vector: `[N, D]` to `[N, L, D]`.
    public func broadcast(_ w: Tensor<Float>) -> Tensor<Float> {
        Tensor.stack(
            (0..<w.shape[0]).map { sample in
                Tensor.stack([Tensor](repeating: w[sample], count: config.layerCount))
            }
        )
    }
}
