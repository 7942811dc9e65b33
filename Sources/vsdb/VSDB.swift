import ArgumentParser
import Foundation

/// The root of the command line.
@main
struct VSDB: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vsdb",
        abstract: "A database of videos that can be taken apart and put together anew.",
        discussion: """
            Ingest videos once: each clip becomes a content code (what is seen), a motion and a \
            style. Compose them, the content of one clip with the motion of another, and render \
            the result as a film.

              vsdb init
              vsdb pack add Samples/packs/paper-doll
              vsdb ingest clips/
              vsdb compose --content anna --motion walk -o anna-walks.mp4
              vsdb similar walk --mask right-arm

            Shell completions: vsdb --generate-completion-script bash (or zsh, fish).
            """,
        version: "vsdb 0.1.0",
        subcommands: [
            InitCommand.self, PackCommand.self, WeightsCommand.self, IngestCommand.self,
            SampleCommand.self, SimilarCommand.self, SearchCommand.self, DuplicatesCommand.self,
            MapCommand.self, ListCommand.self,
            ShowCommand.self, TagCommand.self, UntagCommand.self, CaptionCommand.self,
            RenameCommand.self, CollectionCommand.self, ComposeCommand.self, RenderCommand.self,
            RecipesCommand.self, DiffCommand.self, EvalCommand.self, TrainCommand.self,
            RemoveCommand.self, ExportCommand.self, ImportCommand.self, MergeCommand.self,
            JobsCommand.self,
            IndexCommand.self,
            StatusCommand.self, CheckCommand.self, RepairCommand.self, GCCommand.self,
            BackupCommand.self, CompactCommand.self, MigrateCommand.self,
        ]
    )

    static func main() {
        CrashNotice.install()
        Interruption.start()
        signal(SIGPIPE, SIG_IGN)
        let command: any ParsableCommand
        do {
            command = try parseAsRoot()
        } catch {
            leave(parsing: error)
        }
        run(command)
    }

    private static func run(_ command: any ParsableCommand) -> Never {
        var command = command
        do {
            try command.run()
        } catch {
            let console =
                (command as? any LibraryCommand)?.shared.console
                ?? (command as? any CheckpointCommand)?.shared.console ?? Console()
            if let error = error as? ValidationError {
                console.error(error.message)
                Foundation.exit(ExitStatus.usage.rawValue)
            }
            // ArgumentParser has errors of its own, such as the wish for help.
            let isOurs = ExitStatus(of: error) != .bug
            if !isOurs, exitCode(for: error) != .failure { leave(parsing: error) }
            let status = ExitStatus(of: error)
            if !(error is ExitStatus), status != .done {
                console.error(ExitStatus.message(of: error))
            }
            Foundation.exit(status.rawValue)
        }
        Foundation.exit(ExitStatus.done.rawValue)
    }

    /// Prints help, the version or a usage error, and ends.
    private static func leave(parsing error: any Error) -> Never {
        let text = fullMessage(for: error)
        guard exitCode(for: error).isSuccess else {
            let prefix = "Error: "
            let message = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
            Console().error(message)
            Foundation.exit(ExitStatus.usage.rawValue)
        }
        let isHelp = text.hasPrefix("OVERVIEW: ")
        let end = text.hasSuffix("\n") ? "\n" : "\n\n"
        try? Console().print(isHelp ? text + end + ExitStatus.help : text)
        Foundation.exit(ExitStatus.done.rawValue)
    }
}
