extension DynamicsConfig {
    /// The sizes of the sample pack's networks, for a pack that has none yet: frames of 128 rows, a grid of 8 rows.
    ///
    /// - Parameters:
    ///   - aspect: The width of the generator's picture over its height.
    ///   - tokenWidth: The width of the conditional model, which the state is projected to.
    /// - Returns: The sizes.
    public static func standard(aspect: Double, tokenWidth: Int) -> DynamicsConfig {
        // A multiple of 16: four times halved it stays whole.
        let width = max(16, Int((128 * aspect / 16).rounded()) * 16)
        return DynamicsConfig(
            imageHeight: 128,
            imageWidth: width,
            encoderChannels: [8, 16, 32, 64, 128],
            codeChannels: 64,
            stateChannels: 64,
            odeChannels: 32,
            odeHiddenLayers: 2,
            projectedChannels: tokenWidth,
            firstStepOffset: 0.01,
            rtol: 1e-3,
            atol: 1e-4
        )
    }
}
