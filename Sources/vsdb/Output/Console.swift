import Foundation
import Synchronization
import Tensors

/// Standard output could not be written.
struct OutputError: Error, CustomStringConvertible {
    let description: String
}

/// Where a command writes: data to standard output, everything else to standard error.
struct Console: Sendable {
    /// When to colour.
    enum ColorChoice: String, Sendable, CaseIterable {
        case auto
        case always
        case never
    }

    /// The styles that are used; standard error's and tables' alike.
    enum Style: String {
        case error = "31;1"
        case warning = "33"
        case success = "32"
        case dim = "2"
        case heading = "1"
    }

    var color = ColorChoice.auto
    var isQuiet = false
    var isVerbose = false

    /// Standard output was closed by its reader, as `head` does.
    private static let isClosed = Atomic<Bool>(false)

    /// Writes lines of data; the last one is ended if it is not.
    ///
    /// After the reader has gone, further data is dropped without a word.
    ///
    /// - Throws: `OutputError` if the disk is full or the like.
    func print(_ text: String) throws {
        try write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    /// Says on standard output what was done, in words; silent with `--quiet`.
    ///
    /// The rule: what a command was asked to show, a dry run included, is data and printed; what it did is
    /// told, and with `--quiet` is not. JSON is data.
    ///
    /// - Throws: `OutputError`, as `print` does.
    func report(_ text: String) throws { if !isQuiet { try print(text) } }

    /// Writes bytes of data.
    ///
    /// - Throws: `OutputError`, as `print` does.
    func write(_ data: Data) throws {
        ProgressLine.clear()
        var rest = data[...]
        while !rest.isEmpty, !Self.isClosed.load(ordering: .relaxed) {
            let count = rest.withUnsafeBytes {
                unsafe Foundation.write(1, $0.baseAddress, $0.count)
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                Self.isClosed.store(true, ordering: .relaxed)
            } else if errno != EINTR {
                let reason = String(cString: strerror(errno)).lowercased()
                throw OutputError(description: "cannot write to standard output: \(reason)")
            }
        }
    }

    /// Says what was done; silent with `--quiet`.
    func note(_ text: String) {
        if !isQuiet { message(shown(text)) }
    }

    /// Says more, only with `--verbose`.
    func detail(_ text: String) {
        if isVerbose { message(styled(text, .dim, on: 2)) }
    }

    /// Warns of something that does not stop the work; silent with `--quiet`.
    func warning(_ text: String) {
        if !isQuiet { alarm(text) }
    }

    /// Warns of what was lost already, and will be lost for good if nobody hears of it; never silent.
    func alarm(_ text: String) {
        message("vsdb: \(styled("warning:", .warning, on: 2)) \(shown(text))")
    }

    /// Says what failed; never silent.
    func error(_ text: String) {
        message("vsdb: \(styled("error:", .error, on: 2)) \(shown(text))")
    }

    /// Lines as they are, and no order to the terminal: messages name files and what users wrote.
    private func shown(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { String($0).withoutControls }.joined(separator: "\n")
    }

    private func message(_ text: String) {
        ProgressLine.clear()
        Self.writeMessage(text + "\n")
    }

    /// Writes to standard error as much as it takes: with `2>&1 | head` nobody may be there to read.
    static func writeMessage(_ text: String) {
        var rest = Data(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(2, $0.baseAddress, $0.count) }
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// A text in a style, if the stream (1 or 2) shows colours.
    func styled(_ text: String, _ style: Style, on stream: Int32 = 1) -> String {
        isColored(stream) ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    private func isColored(_ stream: Int32) -> Bool {
        switch color {
        case .always: return true
        case .never: return false
        case .auto:
            let environment = ProcessInfo.processInfo.environment
            let isUnwanted = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
            return isatty(stream) == 1 && !isUnwanted && environment["TERM"] != "dumb"
        }
    }

    /// The columns of the terminal behind a stream; nil if it is none.
    static func terminalWidth(_ stream: Int32) -> Int? {
        guard isatty(stream) == 1 else { return nil }
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }),
            columns > 0
        {
            return columns
        }
        var size = winsize()
        guard ioctl(stream, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
