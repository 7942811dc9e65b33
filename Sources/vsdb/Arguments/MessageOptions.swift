import ArgumentParser

/// The options of commands that open no library.
struct MessageOptions: ParsableArguments {
    @Flag(help: "Print JSON: one document.")
    var json = false

    @Flag(name: .shortAndLong, help: "No messages, only data and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more; lists are not shortened.")
    var verbose = false

    @Option(help: ArgumentHelp("When to colour; NO_COLOR is honoured.", valueName: "when"))
    var color = Console.ColorChoice.auto

    /// Checks what no type can.
    mutating func validate() throws {
        guard !(quiet && verbose) else {
            throw ValidationError("--quiet and --verbose exclude each other")
        }
    }

    /// Where the command writes.
    var console: Console { Console(color: color, isQuiet: quiet, isVerbose: verbose) }
}
