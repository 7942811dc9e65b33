import Logging

/// Log messages as the console shows them: warnings always, details with `--verbose`.
struct ConsoleLogHandler: LogHandler {
    let console: Console
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.level >= .warning {
            console.warning(event.message.description)
        } else {
            console.detail(event.message.description)
        }
    }
}

extension Console {
    /// The logger that the library code is handed.
    var logger: Logger { Logger(label: "vsdb") { _ in ConsoleLogHandler(console: self) } }
}
