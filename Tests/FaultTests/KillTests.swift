import Foundation
import Glibc
import SeededNumbers
import Store
import StoreWork
import Testing

/// Kill -9 anywhere: every clip that was reported is whole, everything else is garbage.
@Suite struct KillTests {
    @Test(arguments: StoreOperation.allCases)
    func atEveryNamedStep(operation: StoreOperation) throws {
        for step in operation.steps {
            let patient = try Patient(operation)
            let (ending, child) = try patient.work(["--at", step, "kill"])
            #expect(ending == .signal(SIGKILL), "\(operation) has no step \(step); \(child.errors)")
            patient.expectPromise(child.numbers(after: "clip"), "killed at \(step)")
        }
        print("kills: \(operation) at each of \(operation.steps.count) steps")
    }

    /// In the middle of a write, before a sync, before a file takes the place of another.
    @Test(arguments: StoreOperation.allCases)
    func inTheMiddleOfAnySystemCall(operation: StoreOperation) throws {
        let calls = try Self.callCount(operation)
        let numbers = Effort.spread(
            max(1, Effort.kills / 2 / StoreOperation.allCases.count),
            over: calls
        )
        for number in numbers {
            let patient = try Patient(operation)
            let (ending, child) = try patient.work(
                environment: try Shim.environment(at: number, .kill, in: patient.library)
            )
            #expect(ending == .signal(SIGKILL), "\(operation) at call \(number); \(child.errors)")
            patient.expectPromise(child.numbers(after: "clip"), "killed in call \(number)")
        }
        print("kills: \(operation) in \(numbers.count) of its \(calls) system calls that write")
    }

    @Test(arguments: StoreOperation.allCases)
    func atRandomInstants(operation: StoreOperation) throws {
        let count = max(1, Effort.kills / 2 / StoreOperation.allCases.count)
        var random = SplitMix(seed: UInt64(operation.rawValue.utf8.reduce(7) { $0 * 31 + Int($1) }))
        let whole = try Patient(operation)
        let begin = ContinuousClock.now
        #expect(try whole.work().ending == .exit(0))
        let duration = begin.duration(to: .now) / .microseconds(1)
        var early = 0
        for number in 0..<count {
            let patient = try Patient(operation)
            let child = try Child("store-worker", [operation.rawValue, patient.library])
            let delay = UInt32(Double.random(in: 0..<duration, using: &random))
            usleep(delay)
            child.kill()
            let ending = child.wait()
            early += ending == .signal(SIGKILL) ? 1 : 0
            patient.expectPromise(
                child.numbers(after: "clip"),
                "killed after \(delay) us, number \(number)"
            )
        }
        print("kills: \(operation) at \(count) random instants, in \(early) before its end")
    }

    static func callCount(_ operation: StoreOperation) throws -> Int {
        let patient = try Patient(operation)
        return try Shim.callCount(in: patient.library) { environment in
            let (ending, child) = try patient.work(environment: environment)
            #expect(ending == .exit(0), "\(child.errors)")
        }
    }
}
