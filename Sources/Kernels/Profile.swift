internal import Synchronization

/// The work of a layer, whatever algorithm does it.
public struct LayerCost: Sendable, Hashable {
    /// Operations that plain sums need, a multiplication and an addition counted as two.
    public var operations: Double
    /// Bytes that have to be read and written at least: weights, input and output once.
    public var bytes: Double

    /// Counts of a layer.
    public init(operations: Double = 0, bytes: Double = 0) {
        self.operations = operations
        self.bytes = bytes
    }

    /// The work of both.
    public static func + (a: LayerCost, b: LayerCost) -> LayerCost {
        LayerCost(operations: a.operations + b.operations, bytes: a.bytes + b.bytes)
    }
}

/// Where the time of a run went, layer by layer.
///
/// Entries keep the order in which their names were first measured.
public final class Profile: Sendable {
    /// One layer or stage.
    public struct Entry: Sendable, Hashable {
        /// The stage and the layer, as in `generator, 64 up`.
        public let name: String
        /// How often it ran.
        public var calls = 0
        /// Seconds of all calls.
        public var seconds = 0.0
        /// Work of all calls.
        public var cost = LayerCost()
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var places: [String: Int] = [:]
    }

    private let state = Mutex(State())

    /// Starts without entries.
    public init() {}

    /// What was measured so far.
    public var entries: [Entry] { state.withLock { $0.entries } }

    /// Runs work and adds its time to the entry of that name.
    public func measure<Result, Failure: Error>(
        _ name: String,
        cost: LayerCost = LayerCost(),
        _ work: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let began = ContinuousClock.now
        let result = try work()
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        state.withLock { state in
            let place = state.places[name] ?? state.entries.count
            if place == state.entries.count {
                state.places[name] = place
                state.entries.append(Entry(name: name))
            }
            state.entries[place].calls += 1
            state.entries[place].seconds += seconds
            state.entries[place].cost = state.entries[place].cost + cost
        }
        return result
    }
}
