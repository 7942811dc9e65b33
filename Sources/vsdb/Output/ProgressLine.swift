import Foundation
import Synchronization

/// Progress of a long job on standard error: a bar on a terminal, now and then a line elsewhere.
final class ProgressLine {
    /// Where the job is.
    struct State {
        /// How much is done, `0...1`; nil while that is unknown.
        var fraction: Double?
        /// What is done, such as `3/10 files`.
        var text: String
        /// How fast, such as `4.1 clips/s`.
        var rate: String?
    }

    private static let isShown = Atomic<Bool>(false)
    private static let redrawSeconds = 0.1
    private static let lineSeconds = 10.0

    private let label: String
    private let isEnabled: Bool
    private let width: Int?
    private let started = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?

    /// Starts a clock.
    init(_ label: String, _ console: Console) {
        self.label = label
        isEnabled = !console.isQuiet
        let isDumb = ProcessInfo.processInfo.environment["TERM"] == "dumb"
        width = isDumb ? nil : Console.terminalWidth(2)
    }

    /// Seconds since the start.
    var elapsed: Double { started.duration(to: .now) / .seconds(1) }

    /// Shows a state, unless another was shown just now.
    func update(_ state: State) {
        guard isEnabled else { return }
        let now = ContinuousClock.now
        let interval = width == nil ? Self.lineSeconds : Self.redrawSeconds
        // Off a terminal the first line waits too: short jobs need none.
        let last = lastShown ?? (width == nil ? started : nil)
        if let last, last.duration(to: now) < .seconds(interval) { return }
        lastShown = now
        let parts = [state.text, state.rate, timeLeft(state)].compactMap { $0 }
        guard let width else {
            Self.put("\(label): \(parts.joined(separator: ", "))\n")
            return
        }
        let tail = parts.joined(separator: "  ")
        Self.put("\r\(Self.line(label, state.fraction, tail, width: width - 1))\u{1B}[K")
        Self.isShown.store(true, ordering: .relaxed)
    }

    /// Shows how many files are done.
    func countFiles(_ done: Int, _ all: Int) {
        update(State(fraction: Double(done) / Double(max(all, 1)), text: "\(done)/\(all) files"))
    }

    /// One line that fits a width: the bar shrinks first, then the text is cut.
    static func line(_ label: String, _ fraction: Double?, _ tail: String, width: Int) -> String {
        let room = min(30, width - label.count - tail.count - 6)
        guard let fraction, room >= 5 else {
            return String("\(label)  \(tail)".prefix(max(0, width)))
        }
        let filled = Int((Double(room) * min(1, max(0, fraction))).rounded(.down))
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: "-", count: room - filled)
        return "\(label)  [\(bar)]  \(tail)"
    }

    /// Takes the bar away, so that a message can stand in its place.
    static func clear() {
        if isShown.exchange(false, ordering: .relaxed) { put("\r\u{1B}[K") }
    }

    private func timeLeft(_ state: State) -> String? {
        guard let fraction = state.fraction, fraction > 0, fraction < 1, elapsed > 1 else {
            return nil
        }
        return "\(Wording.clock(elapsed * (1 - fraction) / fraction)) left"
    }

    private static func put(_ text: String) {
        Console.writeMessage(text)
    }
}
