/// By which tensors a network is found, whatever the file's name and the prefix.
struct NetworkMarker {
    let kind: NetworkKind
    /// The tensor whose name, without its end, gives the prefix.
    let tensor: String
    /// Tensors without which the network is another one.
    let companions: [String]

    static let all = [
        NetworkMarker(kind: .generator, tensor: "input.input", companions: ["conv1.conv.weight"]),
        NetworkMarker(
            kind: .generator,
            tensor: "synthesis.b4.const",
            companions: ["synthesis.b4.conv1.affine.weight"]
        ),
        NetworkMarker(
            kind: .encoder,
            tensor: "input_layer.0.weight",
            companions: ["body.0.res_layer.1.weight", "styles.0.linear.weight"]
        ),
        NetworkMarker(
            kind: .clip,
            tensor: "visual.class_embedding",
            companions: ["token_embedding.weight"]
        ),
        NetworkMarker(
            kind: .clip,
            tensor: "vision_model.embeddings.class_embedding",
            companions: ["text_model.embeddings.token_embedding.weight"]
        ),
        NetworkMarker(
            kind: .dynamics,
            tensor: "bVAE_enc.swapae_encoder.FromRGB.Conv.weight",
            companions: [
                "bVAE_enc.diffeq_solver.ode_func.gradient_net.0.weight",
                "modulation_network.content_pos_emd",
            ]
        ),
        NetworkMarker(
            kind: .dino,
            tensor: "patch_embed.proj.weight",
            companions: ["cls_token", "blocks.0.attn.qkv.weight"]
        ),
    ]

    /// Tensors of networks that are known and not supported, and what to say of them.
    static let strangers = [
        (
            tensor: "visual.attnpool.positional_embedding",
            title: "a CLIP with a ResNet for images; only vision transformers are supported"
        ),
        (tensor: "synthesis.input.freqs", title: "StyleGAN3; only StyleGAN2 is supported"),
    ]

    /// What stands before the marker, dot included, or nil if the name is another.
    func prefix(of name: String) -> String? {
        guard name.hasSuffix(tensor) else { return nil }
        let prefix = name.dropLast(tensor.count)
        return prefix.isEmpty || prefix.hasSuffix(".") ? String(prefix) : nil
    }

    /// Parts of names that say averaged weights, and those that say raw ones.
    private static let averaged: Set = ["g_ema", "G_ema", "ema", "teacher", "model_ema"]
    private static let raw: Set = ["g", "student", "d", "D"]

    /// Whether weights under a prefix are averages of training (0), say nothing (1), or are raw (2).
    static func rank(of prefix: String) -> Int {
        let parts = prefix.split(separator: ".").map(String.init)
        if parts.contains(where: averaged.contains) { return 0 }
        // VidStyleODE's generator is `stylegan_G.G`, NVIDIA's raw one is `G` alone.
        let isNVIDIARaw = parts.last == "G" && !parts.contains("stylegan_G")
        return isNVIDIARaw || parts.contains(where: raw.contains) ? 2 : 1
    }
}
