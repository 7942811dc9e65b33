extension ModulationConfig {
    /// The sizes of the sample pack's conditional model, for a pack that has none yet.
    ///
    /// Coarse layers are the first four, medium ones nearly half of the rest: 4/4/4 of 12 layers, 4/6/8 of 18 as in the
    /// paper. The last module is linear, so that codes can move both ways.
    ///
    /// - Parameters:
    ///   - layers: L, the number of W+ layers.
    ///   - styleDim: D, the width of a W vector.
    ///   - featureWidth: The width of CLIP's features, which is that of the tokens.
    ///   - cells: The cells of the dynamics' grid.
    /// - Returns: The sizes.
    public static func standard(
        layers: Int,
        styleDim: Int,
        featureWidth: Int,
        cells: Int
    ) -> ModulationConfig {
        let coarse = min(4, max(1, layers / 3))
        let medium = max(1, Int((Double(layers - coarse) * 0.45).rounded()))
        return ModulationConfig(
            width: featureWidth,
            heads: featureWidth % 4 == 0 ? 4 : 1,
            selfAttentionLayers: 2,
            crossAttentionLayers: 2,
            positions: cells,
            conditionWidth: styleDim,
            groups: [coarse, medium, layers - coarse - medium],
            modulesPerGroup: [2, 2, 2],
            styleDim: styleDim,
            deltaScale: 0.1,
            leakySlope: 0.01,
            lastModuleIsLinear: true
        )
    }
}
