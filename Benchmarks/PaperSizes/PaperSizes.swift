internal import Foundation
public import Models

/// The sizes of the networks that people have, as published.
///
/// Sources: Karras et al. 2020 (config-f), StyleGAN-Human, Richardson et al. 2021 (IR-SE-50), CLIP ViT-B/32,
/// DINO ViT-B/16; spec section 9 for the two variants of the dynamics.
public enum PaperSizes {
    /// D, the width of a W vector.
    public static let styleDim = 512
    /// L, the W+ layers at 1024 rows.
    public static let layerCount = 18

    /// StyleGAN2 "config-f": 512 channels up to 64 rows, halved from there on.
    ///
    /// - Parameters:
    ///   - layout: Whose names.
    ///   - rows: The height in pixels, a power of 2.
    ///   - columns: The height, or half of it; nil for the height.
    /// - Returns: The sizes.
    public static func styleGAN2(
        _ layout: StyleGAN2Config.Layout,
        rows: Int = 1024,
        columns: Int? = nil
    ) -> StyleGAN2Config {
        StyleGAN2Config(
            layout: layout,
            height: rows,
            width: columns ?? rows,
            styleDim: styleDim,
            mappingLayers: 8,
            channels: sequence(first: 4) { $0 < rows ? 2 * $0 : nil }.map { min(512, 32_768 / $0) }
        )
    }

    /// The IR-SE-50 encoder of pSp for 18 styles.
    public static let encoder = PSPConfig(
        inputSize: 256,
        widths: [64, 128, 256, 512],
        units: [3, 4, 14, 3],
        taps: [6, 20, 23],
        styleCount: layerCount,
        styleDim: styleDim,
        coarseIndex: 3,
        middleIndex: 7,
        squeezeReduction: 16
    )

    /// OpenAI's ViT-B/32.
    public static let clip = CLIPConfig(
        layout: .openAI,
        imageSize: 224,
        patch: 32,
        vision: CLIPConfig.Transformer(width: 768, heads: 12, layers: 12),
        text: CLIPConfig.Transformer(width: 512, heads: 8, layers: 12),
        context: 77,
        vocabulary: 49_408,
        embedDim: 512
    )

    /// DINO's ViT-B/16.
    public static let dino = DINOConfig(
        imageSize: 224,
        patch: 16,
        width: 768,
        heads: 12,
        layers: 12
    )

    /// The two variants of the dynamics networks.
    public enum Variant: Sendable, CaseIterable {
        /// 256 channels through the ODE, 512 after it; 6 self- and 8 cross-attention layers.
        case authors
        /// 512 channels through the ODE; 12 layers of both kinds.
        case paper
    }

    /// The sizes of `f_D` and `phi`.
    ///
    /// - Parameters:
    ///   - variant: Whose.
    ///   - columns: 128 for a grid of 8x8, 96 for the 8x6 of Fashion.
    /// - Returns: The sizes.
    /// - Throws: `DecodingError` if the table is not JSON.
    public static func dynamics(_ variant: Variant, columns: Int) throws -> DynamicsConfig {
        let state = variant == .authors ? 256 : 512
        return try decoded(
            """
            {
              "imageHeight": 128, "imageWidth": \(columns),
              "encoderChannels": [32, 64, 128, 256, 512], "codeChannels": \(state),
              "stateChannels": \(state), "odeChannels": \(state / 2), "odeHiddenLayers": 2,
              "projectedChannels": 512, "firstStepOffset": 0.01, "rtol": 1e-3, "atol": 1e-4
            }
            """
        )
    }

    /// The sizes of `f_G`.
    ///
    /// - Parameters:
    ///   - variant: Whose.
    ///   - positions: The cells of the grid.
    /// - Returns: The sizes.
    /// - Throws: `DecodingError` if the table is not JSON.
    public static func modulation(_ variant: Variant, positions: Int) throws -> ModulationConfig {
        let layers = variant == .authors ? (own: 6, cross: 8) : (own: 12, cross: 12)
        return try decoded(
            """
            {
              "width": 512, "heads": 8, "selfAttentionLayers": \(layers.own),
              "crossAttentionLayers": \(layers.cross), "positions": \(positions),
              "conditionWidth": 512, "groups": [4, 6, 8], "modulesPerGroup": [4, 4, 4],
              "styleDim": 512, "deltaScale": 0.01, "leakySlope": 0.01, "lastModuleIsLinear": false
            }
            """
        )
    }

    private static func decoded<Config: Decodable>(_ json: String) throws -> Config {
        try JSONDecoder().decode(Config.self, from: Data(json.utf8))
    }
}
