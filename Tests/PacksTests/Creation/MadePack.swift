import Foundation
import Packs
import TestSupport
import Testing

/// A pack that was made from checkpoints in a temporary folder, removed at the end.
final class MadePack: Sendable {
    let pack: Pack
    let plan: PackPlan

    init(_ edit: (inout PackRequest) throws -> Void) throws {
        var request = PackRequest(name: "made", maker: "the tests")
        try edit(&request)
        plan = try PackPlan(request)
        pack = try plan.write(to: Self.freshPath())
    }

    deinit { try? FileManager.default.removeItem(atPath: pack.folder) }

    static func freshPath() -> String {
        NSTemporaryDirectory() + "/vsdb-made-\(UUID().uuidString)"
    }

    /// A generator that completes packs whose own network is another one.
    static func generator() throws -> String {
        try Goldens.cases(number: 1)[0].path("weights")
    }
}

/// A file or folder of a golden case that holds weights.
struct GoldenForm: CustomTestStringConvertible, Sendable {
    let golden: GoldenCase
    let role: String
    let path: String

    var testDescription: String { "\(golden.name) \(role)" }

    private static let roles = [
        "weights", "checkpoint", "pickle", "state_dict", "torchscript", "hf",
    ]

    /// All forms of the cases of a kind.
    static func all(_ numbers: Int...) throws -> [GoldenForm] {
        try numbers.flatMap { try Goldens.cases(number: $0) }.flatMap { golden in
            roles.compactMap { role -> GoldenForm? in
                golden.url(role).map { GoldenForm(golden: golden, role: role, path: $0.path) }
            }
        }
    }
}
