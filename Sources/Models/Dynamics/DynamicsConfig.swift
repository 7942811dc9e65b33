public import Tensors

/// The sizes of the dynamics encoder `f_D` and the latent ODE `phi`.
public struct DynamicsConfig: Codable, Sendable, Hashable {
    /// M, the rows that a frame is resized to.
    public var imageHeight: Int
    /// N, the columns that a frame is resized to.
    public var imageWidth: Int
    /// Channels of the frame encoder: after FromRGB, then after each halving of the size.
    public var encoderChannels: [Int]
    /// Channels of a frame's spatial code.
    public var codeChannels: Int
    /// C, the channels of `z_d0` and of every state.
    public var stateChannels: Int
    /// Channels inside both ODE functions.
    public var odeChannels: Int
    /// The number of 3x3 convolutions between the first and the last of both ODE functions.
    public var odeHiddenLayers: Int
    /// Channels after the 1x1 convolution that follows the solve.
    public var projectedChannels: Int
    /// How far behind the last observation the encoder's clock starts, in units of t.
    public var firstStepOffset: Double
    /// The solver's relative tolerance.
    public var rtol: Double
    /// The solver's absolute tolerance.
    public var atol: Double

    /// h, the rows of the latent grid.
    public var gridHeight: Int { imageHeight >> (encoderChannels.count - 1) }
    /// w, the columns of the latent grid.
    public var gridWidth: Int { imageWidth >> (encoderChannels.count - 1) }
    /// The shape of `z_d0`, `[C, h, w]`.
    public var stateShape: [Int] { [stateChannels, gridHeight, gridWidth] }
}

extension DynamicsConfig {
    /// Reads the channels off the tensors of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Parameters:
    ///   - weights: The tensors `bVAE_enc.*`.
    ///   - imageHeight: Not in the tensors.
    ///   - imageWidth: Not in the tensors.
    /// - Throws: `WeightError` if the tensors are not those of the dynamics networks.
    public init(inferredFrom weights: Weights, imageHeight: Int, imageWidth: Int) throws {
        let encoder = weights.scoped(DynamicsNames.frameEncoder)
        var channels = [try encoder.raw("FromRGB.Conv.weight", [-1, 3, 1, 1]).shape[0]]
        // More than a configuration may have, so that no file makes this endless.
        while channels.count < 16,
            let shape = encoder.shape(
                DynamicsNames.downBlock(channels.count - 1) + ".conv2.Conv.weight"
            )
        {
            channels.append(shape.first ?? 0)
        }
        let field = weights.scoped(DynamicsNames.field)
        let first = try field.raw("0.weight", [-1, -1, 3, 3]).shape
        var convolutions = 0
        while field.has("\(2 * convolutions).weight") { convolutions += 1 }
        self.imageHeight = imageHeight
        self.imageWidth = imageWidth
        encoderChannels = channels
        codeChannels = try encoder.raw("ToSpatialCode.1.Conv.weight", [-1, -1, 1, 1]).shape[0]
        stateChannels = first[1]
        odeChannels = first[0]
        odeHiddenLayers = max(0, convolutions - 2)
        projectedChannels =
            try weights.raw(DynamicsNames.projection + ".weight", [-1, -1, 1, 1]).shape[0]
        firstStepOffset = 0.01
        rtol = 1e-3
        atol = 1e-4
    }

    /// Checks the sizes against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        let factor = 1 << max(0, encoderChannels.count - 1)
        guard (2...8).contains(encoderChannels.count), encoderChannels.allSatisfy({ $0 > 0 })
        else { throw ConfigError("encoderChannels", "needs 2 to 8 positive entries") }
        for (key, size) in [("imageHeight", imageHeight), ("imageWidth", imageWidth)]
        where size < 2 * factor || size % factor != 0 || size > 4096 {
            throw ConfigError(key, "\(size) is not a multiple of \(factor) from \(2 * factor) up")
        }
        for (key, size) in [
            ("codeChannels", codeChannels), ("stateChannels", stateChannels),
            ("odeChannels", odeChannels), ("projectedChannels", projectedChannels),
        ] where !(1...8192).contains(size) {
            throw ConfigError(key, "got \(size)")
        }
        guard (0...16).contains(odeHiddenLayers) else {
            throw ConfigError("odeHiddenLayers", "got \(odeHiddenLayers)")
        }
        guard rtol > 0, atol > 0, rtol.isFinite, atol.isFinite else {
            throw ConfigError("rtol", "tolerances must be positive, got \(rtol) and \(atol)")
        }
        guard firstStepOffset.isFinite else { throw ConfigError("firstStepOffset", "not finite") }
    }
}

/// Where the parts lie in a VidStyleODE checkpoint.
package enum DynamicsNames {
    package static let frameEncoder = "bVAE_enc.swapae_encoder."
    package static let recurrent = "bVAE_enc.encoder_z0."
    package static let encoderField = "bVAE_enc.encoder_z0.z0_diffeq_solver.ode_func.gradient_net."
    package static let sharedEncoderField = "bVAE_enc.z0_diffeq_solver.ode_func.gradient_net."
    package static let field = "bVAE_enc.diffeq_solver.ode_func.gradient_net."
    package static let projection = "bVAE_enc.conv1x1"

    package static func downBlock(_ index: Int) -> String {
        "DownToSpatialCode.ResBlockDownBy\(1 << index)"
    }
}
