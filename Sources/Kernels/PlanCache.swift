/// The compiled plans of one convolution: the last few used, so that memory stays bounded however many
/// sizes come by.
struct PlanCache {
    /// What a plan is compiled for.
    ///
    /// oneDNN divides the work and sizes its scratch memory for the threads there are when it compiles, so
    /// a plan must not run under another count.
    struct Key: Hashable {
        let input: [Int]
        let threadCount: Int
    }

    /// The number of plans kept.
    static let limit = 8

    /// Least recently used first.
    private var entries: [(key: Key, plan: ConvolutionPlan)] = []

    var count: Int { entries.count }
    var packedWeightCount: Int { Set(entries.map { $0.plan.packedWeights }).count }

    /// The plan of a key; `compile` makes a missing one and is shown the others, to share their weights.
    mutating func plan(
        for key: Key,
        compile: ([ConvolutionPlan]) -> ConvolutionPlan
    ) -> ConvolutionPlan {
        if let index = entries.lastIndex(where: { $0.key == key }) {
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.plan
        }
        let plan = compile(entries.map(\.plan))
        if entries.count == Self.limit { entries.removeFirst() }
        entries.append((key, plan))
        return plan
    }
}
