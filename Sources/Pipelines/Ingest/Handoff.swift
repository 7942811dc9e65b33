internal import Foundation

/// A queue between two threads that holds a few elements at most.
///
/// The producer waits while it is full, so decoding runs ahead of the networks by a bounded amount of memory.
/// Unchecked: every access holds `condition`.
final class Handoff<Element: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var isFinished = false
    private var isAbandoned = false

    init(capacity: Int) { self.capacity = capacity }

    /// Adds an element, waiting for room; false if nobody takes elements any more.
    func put(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while elements.count >= capacity, !isAbandoned { condition.wait() }
        guard !isAbandoned else { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    /// The next element, waiting for one; nil once the producer has finished and all are taken.
    func take() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, !isFinished { condition.wait() }
        guard !elements.isEmpty else { return nil }
        let element = elements.removeFirst()
        condition.broadcast()
        return element
    }

    /// Says that no element follows.
    func finish() { change { isFinished = true } }

    /// Says that no element is wanted any more.
    func abandon() { change { isAbandoned = true } }

    private func change(_ body: () -> Void) {
        condition.lock()
        body()
        condition.broadcast()
        condition.unlock()
    }
}
