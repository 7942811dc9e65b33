import Models
import Packs
import Tensors
import TestSupport
import Testing

/// Every golden checkpoint in each of its forms, made into a pack: the same numbers as the original networks.
struct CheckpointGoldenTests {
    private static let reason = "float32 sums in another order; the manifest's tolerance"

    @Test(arguments: try GoldenForm.all(1, 2))
    func goldenGeneratorFromAPack(form: GoldenForm) throws {
        let made = try MadePack { $0.files[.generator] = form.path }
        let io = try Goldens.io(form.golden)
        let generator = try made.pack.generator()
        let size = try #require(
            form.golden.config["style_dim"]?.int ?? form.golden.config["w_dim"]?.int
        )
        #expect(generator.config.styleDim == size)
        #expect(
            generator.config.convClamp.map(Double.init) == form.golden.config["conv_clamp"]?.double,
            "NVIDIA's clamp is its documented default"
        )
        try expect(generator.synthesize(float("wplus", io)), "image", io, form)
        let mapping = try #require(generator.mapping)
        try expect(mapping(float("z", io)), "w", io, form)
    }

    @Test(arguments: try GoldenForm.all(1).filter { $0.role == "checkpoint" })
    func goldenMeanCodeComesAlongForTruncation(form: GoldenForm) throws {
        let made = try MadePack { $0.files[.generator] = form.path }
        let average = try #require(try made.pack.generator().mapping?.average)
        let stored = try Checkpoint.open(path: form.path).raw("latent_avg")
        #expect(average.scalars == (try #require(stored).float.scalars))
    }

    @Test(arguments: try GoldenForm.all(3))
    func goldenEncoderAndItsDecoderFromAPack(form: GoldenForm) throws {
        let made = try MadePack { $0.files[.encoder] = form.path }
        let io = try Goldens.io(form.golden)
        let images = try float("image_uint8", io).map { $0 / 127.5 - 1 }
        let codes = try made.pack.encoder().encode(images)
        try expect(codes, "wplus", io, form)
        try expect(made.pack.generator().synthesize(codes), "decoded", io, form)
        #expect(made.pack.manifest.encoder?.latentAverage == "latent_avg")
    }

    @Test(arguments: try GoldenForm.all(4))
    func goldenCLIPFromAPack(form: GoldenForm) throws {
        let vocabulary = try VocabularyFixture()
        let made = try MadePack {
            $0.files = [.generator: try MadePack.generator(), .clip: form.path]
            let isReleased = form.golden.config["vocab_size"]?.int == 49_408
            if isReleased { $0.tokenizer = vocabulary.path }
        }
        let io = try Goldens.io(form.golden)
        let clip = try made.pack.clip()
        try expect(clip.encodeImage(float("image", io)), "image_features", io, form)
        let tokens = try float("tokens", io)
        let ids = (0..<tokens.shape[0]).map { tokens[$0].scalars.map(Int32.init) }
        try expect(clip.encodeText(ids), "text_features", io, form)
    }

    @Test(arguments: try GoldenForm.all(5).filter { $0.golden.name.hasPrefix("dino_vit") })
    func goldenDINOFromAPack(form: GoldenForm) throws {
        let heads = try #require(form.golden.config["num_heads"]?.int)
        let made = try MadePack {
            $0.files = [.generator: try MadePack.generator(), .dino: form.path]
            $0.values["dino.config.heads"] = .integer(heads)
        }
        let io = try Goldens.io(form.golden)
        let model = try made.pack.dino()
        for size in ["32x32", "40x56", "48x32"] where io.raw("\(size)_input") != nil {
            let trace = model(try float("\(size)_input", io))
            for (index, tokens) in trace.tokens.enumerated() {
                try expect(tokens, "\(size)_block_\(index)", io, form)
            }
        }
        #expect(try made.pack.verify().ingests == false)
    }

    private func float(_ name: String, _ io: SafetensorsFile) throws -> Tensor<Float> {
        try Goldens.tensor(name, in: io).float
    }

    private func expect(
        _ actual: Tensor<Float>,
        _ name: String,
        _ io: SafetensorsFile,
        _ form: GoldenForm
    ) throws {
        expectClose(
            actual,
            try float(name, io),
            abs: form.golden.absolute(),
            rel: form.golden.relative,
            because: Self.reason,
            name: "\(form.testDescription) \(name)"
        )
    }
}
