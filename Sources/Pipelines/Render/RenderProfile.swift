internal import Kernels

/// One line of a profile.
public struct ProfileRow: Codable, Sendable, Hashable {
    /// The stage, or the stage and the layer.
    public var name: String
    /// How often it ran.
    public var calls: Int
    /// Milliseconds of all calls.
    public var milliseconds: Double
    /// Thousand millions of operations a second that plain sums would need, two for a product and its sum;
    /// nil where they are not counted.
    public var gigaflops: Double?
    /// Bytes of all calls that have to be read and written at least; nil where they are not counted.
    public var bytes: Double?
}

/// The stages of a render; layers of the generator are parts of its stage.
enum RenderStage: String, CaseIterable {
    case assets = "assets of the recipe"
    case networks = "networks, read or at hand"
    case motion = "motion: ODE"
    case conditioning = "conditional model"
    case generator = "generator"
    case film = "film and sheet frames"
}

extension Profile? {
    /// Runs a stage and, if anybody profiles, adds its time.
    func measured<Result, Failure: Error>(
        _ stage: RenderStage,
        _ work: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let profile = self else { return try work() }
        return try profile.measure(stage.rawValue, work)
    }
}

extension Profile {
    /// The entries as a report has them: each stage, then its layers, whose names begin with the stage's.
    var rows: [ProfileRow] {
        let entries = entries
        let inOrder = RenderStage.allCases.map(\.rawValue).flatMap { stage in
            entries.filter { $0.name == stage } + entries.filter { $0.name.hasPrefix(stage + " ") }
        }
        return inOrder.map { entry in
            ProfileRow(
                name: entry.name,
                calls: entry.calls,
                milliseconds: entry.seconds * 1000,
                gigaflops: entry.cost.operations > 0
                    ? entry.cost.operations / entry.seconds / 1e9 : nil,
                bytes: entry.cost.bytes > 0 ? entry.cost.bytes : nil
            )
        }
    }
}
