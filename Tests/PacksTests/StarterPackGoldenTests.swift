import Foundation
import Models
import ODE
import Packs
import Tensors
import TestSupport
import Testing

/// The shipped pack, stage by stage, against what the reference modules computed from its weights.
///
/// Every stage starts from the recorded output of the one before. The recordings were made from the stored
/// half-precision weights widened to float32; another order of float32 sums moves them by about 5e-6.
struct StarterPackGoldenTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private let pack: Pack
    private let io: SafetensorsFile

    init() throws {
        pack = try Pack(folder: Self.root.appendingPathComponent("Samples/packs/paper-doll").path)
        io = try SafetensorsFile(
            path: Self.root.appendingPathComponent("Tests/Goldens/starter_pack/io.safetensors").path
        )
    }

    private func float(_ name: String) throws -> Tensor<Float> {
        try Goldens.tensor(name, in: io).float
    }

    private func double(_ name: String) throws -> Tensor<Double> {
        try Goldens.tensor(name, in: io).double
    }

    private func expect(_ actual: Tensor<Float>, _ name: String, abs: Double = 1e-4) throws {
        expectClose(
            actual,
            try float(name),
            abs: abs,
            because: "float32 sums in another order move codes and pictures by about 5e-6",
            name: name
        )
    }

    /// Pixel bytes `[12, 3, 128, 128]` to 0...1.
    private func frames(_ clip: String) throws -> Tensor<Float> {
        try float("\(clip)/frames_uint8").map { $0 / 255 }
    }

    private func times(_ name: String) throws -> [Float] { try float(name).scalars }

    @Test(arguments: ["A", "B"])
    func goldenContentCodes(clip: String) throws {
        let images = try float("\(clip)/frames_uint8").map { $0 / 127.5 - 1 }
        let codes = try pack.encoder().encode(images)
        try expect(codes, "\(clip)/wplus")
        let content = codes.meanOverFirstAxis
        try expect(content.reshaped([1] + content.shape), "\(clip)/z_C")
    }

    @Test(arguments: ["A", "B"])
    func goldenInitialDynamics(clip: String) throws {
        let encoder = try pack.dynamicsEncoder()
        let z0 = encoder.encode(try frames(clip), times: try times("times_obs"))
        expectClose(
            z0.reshaped([1] + z0.shape),
            try double("\(clip)/z_d0"),
            abs: 1e-5,
            because: "float32 frame codes feed a float64 walk",
            name: "\(clip)/z_d0"
        )
    }

    @Test(arguments: ["A", "B"])
    func goldenTrajectory(clip: String) throws {
        let times = try times("times_query").map(Double.init)
        let trajectory = try pack.latentODE().solve(from: try double("\(clip)/z_d0"), at: times)
        let recorded = try double("\(clip)/z_dt")
        expectClose(
            trajectory.states.reshaped(recorded.shape),
            recorded,
            abs: 1e-9,
            because: "the same controller takes the same float64 steps",
            name: "\(clip)/z_dt"
        )
    }

    @Test(arguments: ["A", "B"])
    func goldenStillFrameStyleTokenAndReconstruction(clip: String) throws {
        let generator = try pack.generator()
        let still = generator.synthesize(try float("\(clip)/z_C"))
        try expect(still, "\(clip)/still_frame_minus1_1")
        let clipModel = try pack.clip()
        let input = CLIPPreprocessing(resolution: clipModel.config.imageSize)(still)
        try expect(clipModel.encodeImage(input), "\(clip)/style_token")
        let first = try float("\(clip)/wplus")[0..<1]
        try expect(
            generator.synthesize(first),
            "\(clip)/reconstruction_first_frame_minus1_1"
        )
    }

    @Test func goldenTextFeaturesAndEditedStyle() throws {
        let tokens = try Goldens.tensor("text_edit/tokens", in: io)
        let width = tokens.shape[1]
        let ids = tokens.integers.map { Int32($0) }
        let rows = (0..<tokens.shape[0]).map { Array(ids[$0 * width..<($0 + 1) * width]) }
        let features = try pack.clip().encodeText(rows)
        try expect(features, "text_edit/text_features")
        let style = StyleDirection.apply(
            from: features[0],
            to: features[1],
            alpha: 1,
            style: try float("A/style_token")[0]
        )
        try expect(style.reshaped([1, style.count]), "text_edit/style_token")
    }

    @Test func goldenMaskedBlend() throws {
        let cells = try #require(pack.manifest.regions["right-arm"])
        let recorded = try double("masked_right_arm/mask")
        var mask = Tensor<Double>(repeating: 0, shape: recorded.shape)
        for cell in cells { mask.scalars[cell[0] * recorded.shape[1] + cell[1]] = 1 }
        #expect(mask.scalars == recorded.scalars, "the pack's region is the recorded mask")
        let blended = try DynamicsBlend.blend(
            try double("B/z_d0")[0],
            try double("A/z_d0")[0],
            mask: mask
        )
        expectClose(
            blended.reshaped([1] + blended.shape),
            try double("masked_right_arm/z_d0"),
            abs: 1e-12,
            because: "a selection of float64 values",
            name: "masked_right_arm/z_d0"
        )
    }

    /// Content, style and motion of each recorded composition.
    static let scenes = [
        ("own_A", "A", "A/style_token"), ("A_with_motion_B", "A", "A/style_token"),
        ("B_with_motion_A", "B", "B/style_token"), ("masked_right_arm", "A", "A/style_token"),
        ("text_edit", "A", "text_edit/style_token"),
    ]

    @Test(arguments: scenes)
    func goldenComposition(scene: String, content: String, style: String) throws {
        let model = try pack.conditionalModel()
        let ode = try pack.latentODE()
        let times = try times("times_query").map(Double.init)
        let states = try ode.solve(from: try double("\(scene)/z_d0"), at: times).states
        let dynamics = ode.project(states.reshaped([times.count] + states.shape[2...]))
        let conditions = model.network(dynamics: dynamics, style: try float(style)[0])
        try expect(conditions.coarse, "\(scene)/cond_coarse")
        try expect(conditions.medium, "\(scene)/cond_medium")
        let fine = Tensor.concatenate([Tensor](repeating: conditions.fine, count: times.count))
        try expect(fine, "\(scene)/cond_fine")
        let code = try float("\(content)/z_C")[0]
        let delta = model.mapper(code, conditions)
        try expect(delta, "\(scene)/delta")
        let codes = model.apply(delta, to: code)
        let both = ["own_A", "A_with_motion_B"].contains(scene)
        let stored = both ? "stored_query_indices" : "stored_query_indices_other"
        let indices = try Goldens.tensor(stored, in: io).integers
        let chosen = Tensor.stack(indices.map { codes[$0] })
        try expect(chosen, "\(scene)/w_t")
        try expect(
            try pack.generator().synthesize(chosen),
            "\(scene)/frames_minus1_1",
            abs: 2e-4
        )
    }

    @Test func thePackIsWholeAndSaysWhatItCanDo() throws {
        let abilities = try pack.verify()
        #expect(abilities.ingests && abilities.moves && abilities.edits)
    }
}
