import Models
import ODE
import Tensors
import TestSupport
import Testing

/// The whole forward pass, stage by stage; each stage starts from the recorded output of the one before.
struct VidStyleODEGoldenTests {
    /// A case, its file and the prefix of one group of numbers.
    struct Group: CustomTestStringConvertible, Sendable {
        let golden: GoldenCase
        let role: String
        let prefix: String
        var testDescription: String { "\(golden.name) \(role) \(prefix)" }
        func open() throws -> VidStyleODECase {
            try VidStyleODECase(golden, role: role, prefix: prefix)
        }
    }

    /// All groups that record intermediates: those with a trajectory.
    static func groups() throws -> [Group] {
        try Goldens.cases(number: 6).flatMap { golden in
            try golden.files.keys.sorted().filter { $0.hasPrefix("io") }.flatMap { role in
                try Goldens.io(golden, role: role).names
                    .filter { $0.hasSuffix("trajectory_TBCHW_f64") }
                    .map { name in
                        Group(
                            golden: golden,
                            role: role,
                            prefix: String(name.dropLast("trajectory_TBCHW_f64".count))
                        )
                    }
            }
        }
    }

    @Test(arguments: try groups())
    func goldenDynamicsEncoder(group: Group) throws {
        let golden = try group.open()
        let video = try golden.video()
        let times = try golden.times("sampleT")
        let mask = try golden.double("mask").scalars
        let reason = "float32 convolutions, then float64; the manifest's tolerance"
        for sample in 0..<video.shape[0] {
            let resized = golden.encoder.resize(video[sample])
            let frames = golden.encoder.frameEncoder.trace(resized)
            let walk = golden.encoder.aggregate(frames.codes, times: times, mask: mask)
            func expect(_ actual: Tensor<Double>, _ name: String, _ tolerance: String) throws {
                guard golden.has(name) else { return }
                let expected = try golden.double(name)
                // Recordings that end in _t0 hold the first frame of each sample only.
                expectClose(
                    actual.reshaped(expected[sample].shape),
                    expected[sample],
                    abs: golden.golden.absolute(tolerance),
                    because: reason,
                    name: "\(group.testDescription)\(name) sample \(sample)"
                )
            }
            try expect(resized.widened, "resized_frames", "encoder_abs")
            try expect(
                frames.fromRGB[0][0..<8].widened,
                "encoder_from_rgb_t0_first8ch",
                "encoder_abs"
            )
            try expect(frames.middle[0].widened, "encoder_mid_t0", "encoder_abs")
            try expect(frames.beforeNorm[0].widened, "encoder_pre_norm_t0", "encoder_abs")
            try expect(frames.codes.widened, "frame_codes", "encoder_abs")
            try expect(
                Tensor.stack(walk.afterEuler),
                "gru_h_after_euler_reverse_order",
                "encoder_abs"
            )
            try expect(Tensor.stack(walk.states), "gru_h_reverse_order", "encoder_abs")
            try expect(walk.transformed, "transform_z0_out", "encoder_abs")
            try expect(walk.z0, "z_d0", "z_d0_abs")
        }
    }

    @Test(arguments: try groups())
    func goldenTrajectory(group: Group) throws {
        let golden = try group.open()
        let times = try golden.times("queryT").map(Double.init)
        let trajectory = try golden.ode.solve(from: try golden.double("z_d0"), at: times)
        let reason = "the same controller takes the same steps"
        try golden.expect(
            trajectory.states,
            "trajectory_TBCHW_f64",
            "trajectory_same_solver_abs",
            because: reason
        )
        #expect(
            trajectory.solution.evaluationCount
                == (try Goldens.tensor(group.prefix + "nfe", in: golden.io).integers[0])
        )
        let steps = trajectory.solution.accepted.flatMap { [$0.t0, $0.dt] }
        expectClose(
            Tensor(shape: [steps.count / 2, 2], scalars: steps),
            try golden.double("accepted_t0_dt"),
            abs: 1e-6,
            because: reason,
            name: "\(group.testDescription) steps"
        )
        guard golden.has("trajectory_truth_f64") else { return }
        let exact = try golden.ode.solve(
            from: try golden.double("z_d0"),
            at: times,
            controller: .init(rtol: 1e-11, atol: 1e-13)
        )
        try golden.expect(
            exact.states,
            "trajectory_truth_f64",
            "trajectory_truth_abs",
            because: "both solve to 1e-11"
        )
    }

    @Test(arguments: try groups())
    func goldenProjectedDynamics(group: Group) throws {
        let golden = try group.open()
        let states = try golden.double("trajectory_TBCHW_f64")
        let flat = states.reshaped([states.shape[0] * states.shape[1]] + states.shape[2...])
        try golden.expect(
            golden.ode.project(flat),
            "dynamics_after_conv1x1_TB",
            "dynamics_abs",
            because: "one float32 convolution"
        )
    }

    @Test(arguments: try groups())
    func goldenConditionsOffsetsAndCodes(group: Group) throws {
        let golden = try group.open()
        let dynamics = try golden.float("dynamics_after_conv1x1_TB")
        let contents = try golden.float("W_mean")
        let samples = contents.shape[0]
        for alpha in ["alpha0", "alpha1", "alpha2"] where golden.has("\(alpha)_style_token") {
            let styles = try golden.float("\(alpha)_style_token")
            for sample in 0..<samples {
                let rows = stride(from: sample, to: dynamics.shape[0], by: samples).map { $0 }
                func pick(_ x: Tensor<Float>, _ count: Int) -> Tensor<Float> {
                    Tensor.stack(rows.prefix(count).map { x[$0] })
                }
                func expect(_ actual: Tensor<Float>, _ name: String, _ tolerance: String) throws {
                    let full = "\(alpha)_\(name)"
                    let plain = golden.has(full) ? full : name
                    guard golden.has(plain) else { return }
                    let expected = try golden.float(plain)
                    // The goldens hold the first rows of large intermediates only.
                    let kept = rows.filter { $0 < expected.shape[0] }
                    guard !kept.isEmpty else { return }
                    let wanted = Tensor.stack(kept.map { expected[$0] })
                    let times =
                        actual.shape[0] == 1
                        ? [Int](repeating: 0, count: kept.count)
                        : Array(0..<kept.count)
                    expectClose(
                        Tensor.stack(times.map { actual[$0] }),
                        wanted,
                        abs: golden.golden.absolute(tolerance),
                        because: "float32 attention and norms; the manifest's tolerance",
                        name: "\(group.testDescription)\(plain) sample \(sample)"
                    )
                }
                var seen: [(String, Tensor<Float>)] = []
                let conditions = golden.model.network.conditions(
                    pick(dynamics, rows.count),
                    styles[rows[0]]
                ) { seen.append(($0, $1)) }
                let content = contents[sample]
                let delta = golden.model.mapper.deltas(content, conditions) {
                    seen.append(($0, $1))
                }
                for (name, tensor) in seen { try expect(tensor, name, "cond_abs") }
                try expect(conditions.coarse, "cond_coarse", "cond_abs")
                try expect(conditions.medium, "cond_medium", "cond_abs")
                try expect(conditions.fine, "cond_fine", "cond_abs")
                try expect(delta, "delta", "delta_abs")
                try expect(golden.model.apply(delta, to: content), "w_t", "w_t_abs")
            }
        }
    }

    @Test(arguments: try groups())
    func goldenFrames(group: Group) throws {
        let golden = try group.open()
        let contents = try golden.float("W_mean")
        let samples = contents.shape[0]
        let reference = golden.generator.synthesize(contents)
        try golden.expect(
            reference,
            "reference_frame_minus1_1",
            "frames_abs",
            because: "the generator's rounding"
        )
        for alpha in ["alpha0", "alpha1", "alpha2"] where golden.has("\(alpha)_frames") {
            let codes = try golden.float("\(alpha)_w_t")
            let frames = try golden.float("\(alpha)_frames")
            let indices = try Goldens.tensor(golden.prefix + "\(alpha)_frames_idx", in: golden.io)
            for sample in 0..<samples {
                let rows = indices.integers.map { codes[$0 * samples + sample] }
                expectClose(
                    golden.generator.synthesize(Tensor.stack(rows)),
                    frames[sample],
                    abs: golden.golden.absolute("frames_abs"),
                    because: "the generator's rounding",
                    name: "\(group.testDescription)\(alpha)_frames sample \(sample)"
                )
            }
        }
    }
}
