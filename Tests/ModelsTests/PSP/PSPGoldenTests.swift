import Models
import Packs
import Tensors
import TestSupport
import Testing

/// The pSp encoder against the numbers of the original network.
struct PSPGoldenTests {
    private static let reason = "sums of up to 24 float32 residual units; the manifest's tolerance"

    /// The roles of checkpoint files, and what precedes the names in each.
    private static let forms = [("weights", ""), ("checkpoint", "state_dict.")]

    @Test(arguments: try Goldens.cases(number: 3), forms)
    func goldenEncoder(golden: GoldenCase, form: (role: String, prefix: String)) throws {
        guard golden.url(form.role) != nil else { return }
        let io = try Goldens.io(golden)
        let archive = try Checkpoint.open(path: golden.path(form.role))
        let encoder = try Self.encoder(golden, archive, prefix: form.prefix)
        var observed: [String: Tensor<Float>] = [:]
        let codes = encoder.encode(try Self.images(io)) { observed[$0] = $1 }
        try expect(codes, equals: "wplus", in: io, golden)
        let average = try Weights(archive).float("latent_avg").scalars
        let centred = Tensor(
            shape: codes.shape,
            scalars: codes.scalars.enumerated().map { $1 - average[$0 % average.count] }
        )
        try expect(centred, equals: "encoder_out", in: io, golden)
        for name in io.names where name.contains("_out") && name != "encoder_out" {
            let layer = try #require(name.split(separator: "_out").first)
            let full = try #require(observed[String(layer)], "\(name) is not observed")
            let side = try #require(io.raw(name)?.shape.last)
            try expect(corner(full, side: side), equals: name, in: io, golden)
        }
    }

    @Test(arguments: try Goldens.cases(number: 3))
    func goldenReconstruction(golden: GoldenCase) throws {
        let io = try Goldens.io(golden)
        let archive = try Checkpoint.open(path: golden.path("weights"))
        let weights = Weights(archive, prefix: "decoder.")
        let generator = try StyleGAN2Generator(
            StyleGAN2Config(inferredFrom: weights),
            weights
        )
        let encoder = try Self.encoder(golden, archive)
        let image = generator.synthesize(encoder.encode(try Self.images(io)))
        try expect(image, equals: "decoded", in: io, golden)
    }

    @Test(arguments: try Goldens.cases(number: 3))
    func goldenConfigurationIsInferred(golden: GoldenCase) throws {
        let archive = try Checkpoint.open(path: golden.path("weights"))
        let inferred = try PSPConfig(inferredFrom: Weights(archive, prefix: "encoder."))
        #expect(inferred == (try Self.config(golden)))
    }

    private static func encoder(
        _ golden: GoldenCase,
        _ archive: any TensorArchive,
        prefix: String = ""
    ) throws -> PSPEncoder {
        try PSPEncoder(
            config(golden),
            Weights(archive, prefix: prefix + "encoder."),
            latentAverage: Weights(archive).float("latent_avg")
        )
    }

    private static func images(_ io: SafetensorsFile) throws -> Tensor<Float> {
        try Goldens.tensor("image_uint8", in: io).float.map { $0 / 127.5 - 1 }
    }

    private static func config(_ golden: GoldenCase) throws -> PSPConfig {
        let json = golden.config
        return PSPConfig(
            inputSize: try #require(Goldens.io(golden).raw("image_uint8")?.shape.last),
            widths: try #require(json["depths"]?.ints),
            units: try #require(json["units"]?.ints),
            taps: try #require(json["taps"]?.ints),
            styleCount: try #require(json["n_styles"]?.int),
            styleDim: try #require(json["w_dim"]?.int),
            coarseIndex: try #require(json["coarse_ind"]?.int),
            middleIndex: try #require(json["middle_ind"]?.int),
            squeezeReduction: try #require(json["se_reduction"]?.int)
        )
    }

    private func expect(
        _ actual: Tensor<Float>,
        equals name: String,
        in io: SafetensorsFile,
        _ golden: GoldenCase
    ) throws {
        expectClose(
            actual,
            try Goldens.tensor(name, in: io).float,
            abs: golden.absolute(),
            rel: golden.relative,
            because: Self.reason,
            name: name
        )
    }

    /// The top left square of every plane.
    private func corner(_ x: Tensor<Float>, side: Int) -> Tensor<Float> {
        let (height, width) = (x.shape[2], x.shape[3])
        var scalars: [Float] = []
        for plane in 0..<x.shape[0] * x.shape[1] {
            for row in 0..<side {
                let start = (plane * height + row) * width
                scalars += x.scalars[start..<start + side]
            }
        }
        return Tensor(shape: [x.shape[0], x.shape[1], side, side], scalars: scalars)
    }
}
