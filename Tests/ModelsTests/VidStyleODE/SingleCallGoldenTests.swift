import Models
import Tensors
import TestSupport
import Testing

/// Encode and decode in one go, from video to frames, and blending of two motions.
struct SingleCallGoldenTests {
    @Test(arguments: try Goldens.cases(number: 6).filter { $0.url("io_single_call") != nil })
    func goldenEncodeUnderMasks(golden: GoldenCase) throws {
        let loaded = try VidStyleODECase(golden, role: "io_single_call", prefix: "")
        let video = try loaded.video()
        let times = try loaded.times("sampleT")
        let count = times.count
        let masks: [(String, [Double])] = [
            ("all_ones", [Double](repeating: 1, count: count)),
            ("all_zero", [Double](repeating: 0, count: count)),
            ("first_only", (0..<count).map { $0 == 0 ? 1 : 0 }),
        ]
        for (name, mask) in masks {
            let z0 = loaded.encoder.encode(video[0], times: times, mask: mask)
            try loaded.expect(
                z0.reshaped([1] + z0.shape),
                "z_d0_mask_\(name)",
                "z_d0_abs",
                because: "float32 frame codes feed a float64 walk"
            )
        }
    }

    @Test(arguments: try Goldens.cases(number: 6).filter { $0.url("io_single_call") != nil })
    func goldenFramesOfASingleCall(golden: GoldenCase) throws {
        let loaded = try VidStyleODECase(golden, role: "io_single_call", prefix: "")
        let times = try loaded.times("sampleT")
        let z0 = loaded.encoder.encode(try loaded.video()[0], times: times)
        let trajectory = try loaded.ode.solve(
            from: z0.reshaped([1] + z0.shape),
            at: times.map(Double.init)
        )
        let states = trajectory.states
        let content = try loaded.float("W_mean")[0]
        // The recorded direction already carries its alpha of 1.3.
        let feature = try loaded.float("frame_feat")[0]
        let direction = try loaded.float("txt_dir")[0]
        let codes = loaded.model(
            content: content,
            style: feature + direction,
            dynamics: loaded.ode.project(states.reshaped([times.count] + z0.shape))
        )
        let indices = try Goldens.tensor("frames_idx", in: loaded.io).integers
        expectClose(
            loaded.generator.synthesize(Tensor.stack(indices.map { codes[$0] })),
            try loaded.float("frames_BT")[0],
            abs: golden.absolute("frames_abs"),
            because: "the whole chain in float32 after a float64 solve",
            name: "frames_BT"
        )
    }

    @Test(arguments: try Goldens.cases(number: 9))
    func goldenBlendsOfTwoMotions(golden: GoldenCase) throws {
        let loaded = try VidStyleODECase(golden, role: "io", prefix: "")
        let times = try loaded.times("sampleT")
        func encode(_ name: String) throws -> Tensor<Double> {
            loaded.encoder.encode(
                try loaded.video("video_\(name)_uint8")[0],
                times: times,
                mask: try loaded.double("mask_\(name)").scalars
            )
        }
        let (a, b) = (try encode("A"), try encode("B"))
        let reason = "encoder rounding carried through the blend"
        try loaded.expect(a.reshaped([1] + a.shape), "z_A", "z_d0_abs", because: reason)
        try loaded.expect(b.reshaped([1] + b.shape), "z_B", "z_d0_abs", because: reason)
        for name in loaded.io.names where name.hasSuffix("_z") {
            let stem = String(name.dropLast(2))
            let blended: Tensor<Double>
            if stem.hasPrefix("lambda_") {
                let lambda = try #require(Double(stem.dropFirst("lambda_".count)))
                blended = try DynamicsBlend.mix(a, b, weight: lambda)
            } else {
                blended = try DynamicsBlend.blend(a, b, mask: try loaded.double(stem))
            }
            try loaded.expect(
                blended.reshaped([1] + blended.shape),
                name,
                "z_d0_abs",
                because: reason
            )
            try expectFrames(loaded, golden, stem: stem, z0: blended)
        }
    }

    private func expectFrames(
        _ loaded: VidStyleODECase,
        _ golden: GoldenCase,
        stem: String,
        z0: Tensor<Double>
    ) throws {
        let times = try loaded.times("queryT").map(Double.init)
        let states = try loaded.ode.solve(from: z0.reshaped([1] + z0.shape), at: times).states
        let flat = states.reshaped([times.count] + z0.shape)
        if loaded.has("\(stem)_traj_last") {
            try loaded.expect(
                states[times.count - 1],
                "\(stem)_traj_last",
                "trajectory_same_solver_abs",
                because: "encoder rounding carried through the solve"
            )
        }
        let codes = loaded.model(
            content: try loaded.float("W_mean")[0],
            style: try loaded.float("frame_feat")[0],
            dynamics: loaded.ode.project(flat)
        )
        for (suffix, count) in [("_frame_last", 1), ("_frames_last2", 2)]
        where loaded.has(stem + suffix) {
            let expected = try loaded.float(stem + suffix)
            expectClose(
                loaded.generator.synthesize(codes[times.count - count..<times.count]),
                expected.reshaped([count] + expected.shape.suffix(3)),
                abs: golden.absolute("frames_abs"),
                because: "the whole chain",
                name: stem + suffix
            )
        }
    }
}
