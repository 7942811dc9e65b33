import Foundation
import Store
import StoreWork
import Testing

/// System calls that fail: an error that says so, and the promise.
@Suite struct SystemCallTests {
    private struct Way {
        let kind: Shim.Kind
        let isLasting: Bool

        static let all = [
            Way(kind: .failingWithEIO, isLasting: false),
            Way(kind: .failingWithEIO, isLasting: true),
            Way(kind: .diskFull, isLasting: false), Way(kind: .diskFull, isLasting: true),
            Way(kind: .short, isLasting: false), Way(kind: .torn, isLasting: false),
            Way(kind: .torn, isLasting: true),
        ]
    }

    @Test(arguments: StoreOperation.allCases)
    func anyCallThatFails(operation: StoreOperation) throws {
        let calls = try KillTests.callCount(operation)
        let wanted = Effort.faults / StoreOperation.allCases.count / Way.all.count
        var outcomes: [String: Int] = [:]
        var count = 0
        for (index, way) in Way.all.enumerated() {
            for number in Effort.spread(max(1, wanted), over: calls) {
                // Another call for each way, if not all are tried.
                let number = (number + index - 1) % calls + 1
                let what = "\(way.kind)\(way.isLasting ? " from" : " at") call \(number)"
                let patient = try Patient(operation)
                let (ending, child) = try patient.work(
                    environment: try Shim.environment(
                        at: number,
                        way.kind,
                        isLasting: way.isLasting,
                        in: patient.library
                    )
                )
                #expect(
                    [.exit(0), .exit(1)].contains(ending),
                    "\(operation), \(what): \(ending) \(child.errors)"
                )
                if way.kind == .failingWithEIO, ending == .exit(1) {
                    #expect(
                        child.errors.contains("the disk may fail"),
                        "\(operation), \(what): no advice in \(child.errors)"
                    )
                }
                let kind = child.errors.split(separator: ":").dropFirst().first ?? " done"
                outcomes["\(kind.dropFirst())", default: 0] += 1
                patient.expectPromise(child.numbers(after: "clip"), what)
                count += 1
            }
        }
        let told = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        print(
            "faults: \(operation), \(count) in its \(calls) calls that write: "
                + told.joined(separator: ", ")
        )
    }
}
