internal import Foundation
internal import Store

/// What was cancelled of a job, and may not be sent again by itself.
///
/// Slurm forgets what became of a task some minutes after its end. Whoever follows the job notes in `withdrawn/` that a
/// task was cancelled in an array, as in `0003.17`; whoever lets it go on adds `0003.17.again`.
struct Cancellations {
    private let folder: JobFolder?
    /// Whether the whole job was cancelled.
    let isOfJob: Bool
    private var marks: Set<String> = []

    /// None.
    init() { (folder, isOfJob) = (nil, false) }

    /// Those of a job's folder.
    ///
    /// - Throws: An error of Foundation.
    init(_ folder: JobFolder) throws {
        self.folder = folder
        isOfJob = fileExists(folder.path + "/cancelled")
        marks = Set(try folder.names(in: Self.name))
    }

    private static let name = "withdrawn"
    private static let again = ".again"

    /// What a task is called in an array.
    static func mark(_ task: Int, _ array: String) -> String {
        "\(JobFolder.name(task)).\(array)"
    }

    /// Whether a task was cancelled in an array and may not go on.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - array: The array in which it was sent last.
    ///   - isSeen: Whether Slurm says that it was cancelled there.
    ///   - isNoted: Whether that is noted.
    /// - Returns: Whether it has to wait for vsdb jobs retry.
    /// - Throws: An error of Foundation.
    mutating func holds(
        _ task: Int,
        _ array: String,
        isSeen: Bool,
        isNoted: Bool
    ) throws -> Bool {
        guard !isOfJob else { return true }
        guard !released(task, array) else { return false }
        let mark = Self.mark(task, array)
        guard !marks.contains(mark) else { return true }
        if isSeen, isNoted { try note(mark) }
        return isSeen
    }

    /// Whether a task may go on that was cancelled in an array.
    func released(_ task: Int, _ array: String) -> Bool {
        marks.contains(Self.mark(task, array) + Self.again)
    }

    /// Lets a task go on that was cancelled in an array.
    ///
    /// - Throws: An error of Foundation.
    mutating func release(_ task: Int, _ array: String) throws {
        try note(Self.mark(task, array) + Self.again)
    }

    private mutating func note(_ mark: String) throws {
        guard let folder else { return }
        let place = folder.path + "/" + Self.name
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: place + "/" + mark))
        marks.insert(mark)
    }
}
