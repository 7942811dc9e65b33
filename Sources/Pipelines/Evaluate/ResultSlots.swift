internal import Synchronization

/// Results that arrive in any order.
final class ResultSlots<Value: Sendable>: Sendable {
    private let slots: Mutex<[Value?]>

    init(count: Int) { slots = Mutex([Value?](repeating: nil, count: count)) }

    func set(_ index: Int, _ value: Value) { slots.withLock { $0[index] = value } }

    /// Those that have arrived, in order.
    var all: [Value] { slots.withLock { $0.compactMap { $0 } } }
}
