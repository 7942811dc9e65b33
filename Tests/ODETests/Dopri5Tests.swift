import Foundation
import ODE
import Testing

/// Properties of the solver on problems with known solutions.
struct Dopri5Tests {
    private struct Rotation: VectorField {
        func slope(at t: Double, _ y: [Double]) -> [Double] { [-y[1], y[0]] }
    }

    private struct Explosion: VectorField {
        func slope(at t: Double, _ y: [Double]) -> [Double] { y.map { $0 * $0 } }
    }

    @Test func errorFollowsTheTolerance() throws {
        for exponent in [4, 6, 8, 10] {
            let rtol = pow(10, -Double(exponent))
            let solver = Dopri5(controller: StepController(rtol: rtol, atol: rtol))
            let end = try solver.solve(Rotation(), from: [1, 0], at: [0, 2 * .pi]).states
            let error = hypot(end[2] - 1, end[3])
            #expect(error < 30 * rtol, "global error over one turn at rtol \(rtol): \(error)")
        }
    }

    @Test func outputsDoNotDependOnEachOther() throws {
        let coarse = try Dopri5().solve(Rotation(), from: [1, 0], at: [0, 0.5, 1])
        let dense = (0...100).map { Double($0) / 100 }
        let fine = try Dopri5().solve(Rotation(), from: [1, 0], at: dense)
        #expect(coarse.states[2..<4] == fine.states[100..<102])
        #expect(coarse.states[4..<6] == fine.states[200..<202])
        #expect(coarse.evaluationCount == fine.evaluationCount, "dense output is free")
    }

    @Test(arguments: [-3.0, 3]) func statesAreWhatEachStateIs(end: Double) throws {
        let path = try Dopri5().path(Rotation(), from: [1, 0], over: (0, end))
        let times = [0.9, 0.91, 0, 0, 0.1, 1, 0.5].map { $0 * end }
        #expect(path.accepted.count > 2, "several steps answer")
        #expect(path.states(at: times) == times.flatMap { path.state(at: $0) })
        #expect(path.states(at: []) == [])
    }

    @Test func firstOutputIsTheInitialState() throws {
        #expect(try Dopri5().solve(Rotation(), from: [0.3, 0.4], at: [2]).states == [0.3, 0.4])
    }

    @Test func backwardUndoesForward() throws {
        let solver = Dopri5(controller: StepController(rtol: 1e-10, atol: 1e-12))
        let there = try solver.solve(Rotation(), from: [1, 0], at: [0, 3]).states
        let back = try solver.solve(Rotation(), from: Array(there[2...]), at: [3, 0]).states
        #expect(hypot(back[2] - 1, back[3]) < 1e-8)
    }

    @Test func aBlowUpIsAnErrorThatSaysWhere() {
        #expect(throws: SolveError.self) {
            try Dopri5().solve(Explosion(), from: [1], at: [0, 2])
        }
    }

    @Test(arguments: [[0.0, 0], [0, 1, 0.5], [0, -1, 1], [.nan], []])
    func timesMustBeMonotonic(times: [Double]) {
        #expect(throws: SolveError.self) {
            try Dopri5().solve(Rotation(), from: [1, 0], at: times)
        }
    }
}
