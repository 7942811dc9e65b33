import Foundation
import Kernels
import ODE
import Tensors
import TestSupport
import Testing

/// torchdiffeq's solutions, step for step.
struct Dopri5GoldenTests {
    private struct Field: VectorField {
        let body: (Double, [Double]) -> [Double]
        func slope(at t: Double, _ y: [Double]) -> [Double] { body(t, y) }
    }

    @Test(arguments: try Goldens.cases(number: 7))
    func goldenSolutionsAndSteps(golden: GoldenCase) throws {
        let io = try Goldens.io(golden)
        let runs = try #require(golden.config["runs"]?.object)
        for (name, run) in runs.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: "_")
            let problem = parts.dropLast(2).joined(separator: "_")
            let series = parts.dropLast().joined(separator: "_")
            let y0 = try Goldens.tensor("\(problem)_y0", in: io).double
            let field = try field(problem, golden, io, shape: y0.shape)
            let solver = Dopri5(
                controller: StepController(
                    rtol: try #require(run["rtol"]?.double),
                    atol: try #require(run["atol"]?.double)
                )
            )
            let times = try Goldens.tensor("\(series)_times", in: io).double
            let solution = try solver.solve(field, from: y0.scalars, at: times.scalars)
            let y = Tensor(shape: [times.count] + y0.shape, scalars: solution.states)
            // Accept or reject is decided near the threshold there: other rounding moves steps.
            let isDelicate = problem == "linear_stiffish"
            expectClose(
                y,
                try Goldens.tensor("\(name)_y", in: io).double,
                abs: isDelicate ? 1e-6 : golden.absolute("y_abs"),
                rel: isDelicate ? 1e-6 : golden.absolute("y_rel"),
                because: "same steps, float64 rounding only",
                name: name
            )
            guard !isDelicate else { continue }
            #expect(solution.evaluationCount == run["nfe"]?.int, "\(name)")
            expectClose(
                Tensor(shape: [], scalars: [solution.firstStep]),
                try Goldens.tensor("\(name)_first_step", in: io).double,
                abs: golden.absolute("accepted_t0_dt_abs"),
                because: "one formula",
                name: name
            )
            for (kind, steps) in [("accepted", solution.accepted), ("rejected", solution.rejected)]
            {
                expectClose(
                    Tensor(shape: [steps.count, 2], scalars: steps.flatMap { [$0.t0, $0.dt] }),
                    try Goldens.tensor("\(name)_\(kind)_t0_dt", in: io).double,
                    abs: golden.absolute("accepted_t0_dt_abs"),
                    because: "the controller amplifies rounding a little at each step",
                    name: "\(name) \(kind)"
                )
            }
        }
    }

    private func field(
        _ problem: String,
        _ golden: GoldenCase,
        _ io: SafetensorsFile,
        shape: [Int]
    ) throws -> Field {
        let parameters = golden.config["parameters"]
        switch problem {
        case "vanderpol":
            let mu = try #require(parameters?["mu"]?.double)
            return Field { _, y in [y[1], mu * (1 - y[0] * y[0]) * y[1] - y[0]] }
        case "lotka_volterra":
            let values = try #require(parameters?["lotka"]?.array)
            let p = values.compactMap(\.double)
            return Field { _, y in
                [p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]]
            }
        case "linear_stiffish":
            let rows = try #require(parameters?["A"]?.array)
            let a = rows.map { $0.array?.compactMap(\.double) ?? [] }
            return Field { _, y in a.map { row in zip(row, y).reduce(0) { $0 + $1.0 * $1.1 } } }
        case "nonautonomous":
            return Field { t, y in y.map { cos(3 * t) * $0 - 0.2 * $0 * $0 + sin(t) } }
        case "zero_field":
            return Field { _, y in y.map { _ in 0 } }
        case "convnet":
            let layers = try [0, 2, 4, 6].map { index in
                Convolution3x3Double(
                    weight: try Goldens.tensor(
                        "convnet_param_gradient_net.\(index).weight",
                        in: io
                    ).double,
                    bias: try Goldens.tensor("convnet_param_gradient_net.\(index).bias", in: io)
                        .double
                )
            }
            return Field { _, y in
                Convolution3x3Double.chain(layers, Tensor(shape: shape, scalars: y)).scalars
            }
        default:
            throw GoldenError(description: "no field for the problem \(problem)")
        }
    }
}
