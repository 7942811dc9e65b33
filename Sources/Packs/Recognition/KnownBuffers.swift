/// Buffers that sound files have beside their weights and that no network needs to read: constants
/// of the layers, which the code makes anew, counters of training, idle parts.
///
/// Their values are compared where a network depends on them (`TensorRequirement.values`).
package enum KnownBuffers {
    /// The ends of their names.
    private static let ends: [String] = [
        // rosinality and the encoder of VidStyleODE: the blur before and after a change of size.
        "blur.kernel", "Blur.kernel", "upsample.kernel", "downsample.kernel",
        // NVIDIA's StyleGAN2: the same.
        "resample_filter",
        // torch.nn.BatchNorm: how many batches it has seen.
        "num_batches_tracked",
        // CLIP: 0, 1, 2, ... and the sizes of the network that OpenAI's scripted files repeat.
        "position_ids", "input_resolution", "context_length", "vocab_size",
    ]

    /// Parts of networks that are built, saved and never read.
    private static let idleParts: [String] = [
        // VidStyleODE makes a second solver, which it does not call.
        "bVAE_enc.z0_diffeq_solver."
    ]

    /// Whether a tensor of that name is one of them.
    ///
    /// - Parameter name: The full name.
    /// - Returns: True for a constant of a layer, a counter of training or an idle part.
    package static func contains(_ name: String) -> Bool {
        ends.contains { name == $0 || name.hasSuffix("." + $0) }
            || idleParts.contains { name.hasPrefix($0) || name.contains("." + $0) }
    }
}
