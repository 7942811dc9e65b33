import Cluster
import Foundation
import Media
import Packs
import Pipelines
import Search
import Store
import Tensors
import Training

/// How a command ends; a closed list that scripts may rely on.
///
/// Thrown by itself, it ends the command without a further message.
enum ExitStatus: Int32, Error, CaseIterable {
    case done = 0
    case failed = 1
    case bug = 2
    case someFailed = 3
    case noLibrary = 10
    case locked = 11
    case unknownReference = 12
    case weightsMismatch = 13
    case weightsMissing = 14
    case damaged = 15
    case usage = 64
    case interrupted = 130
    case terminated = 143

    /// What it means, in a few words.
    var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed; the message says why"
        case .bug: "a bug in vsdb; please report it"
        case .someFailed: "done, but some inputs failed; the messages say which and why"
        case .noLibrary: "no library here"
        case .locked: "the library is locked by another process"
        case .unknownReference: "unknown or ambiguous reference"
        case .weightsMismatch: "weights do not match"
        case .weightsMissing: "the pack lacks the weights for this"
        case .damaged: "damaged data, or a file of a format that is not supported"
        case .usage: "wrong usage"
        case .interrupted: "interrupted (SIGINT)"
        case .terminated: "terminated (SIGTERM)"
        }
    }

    /// The list as it stands under every help text.
    static let help =
        "EXIT CODES:\n"
        + allCases.map { status in
            let number = String(status.rawValue)
            let gap = String(repeating: " ", count: 5 - number.count)
            return "  \(number)\(gap)\(status.meaning)"
        }.joined(separator: "\n")
}

extension ExitStatus {
    /// The code for an error of any module: the one place where they are mapped.
    init(of error: any Error) {
        self =
            switch error {
            case let status as ExitStatus: status
            case let error as StoreError where error.kind == .interrupted: Interruption.status
            case let error as StoreError: Self(error.kind)
            case let error as PackError: Self(error.kind)
            case let error as MediaError: Self(error.kind)
            case is WeightError: .weightsMismatch
            case let error as CheckpointError: error.kind == .unreadable ? .failed : .damaged
            case is SafetensorsError: .damaged
            case let error as TrainingError: Self(error.kind)
            case let error as SearchError: Self(error.kind)
            case is RequestError, is RenderError, is OutputError, is CocoaError: .failed
            case let error as ClusterError: Self(error.kind)
            case is InterruptedError: Interruption.status
            default: .bug
            }
    }

    private init(_ kind: StoreError.Kind) {
        self =
            switch kind {
            case .noLibrary: .noLibrary
            case .locked, .busy: .locked
            case .unknownReference, .ambiguousReference: .unknownReference
            case .damaged, .stranger, .newerFormat: .damaged
            case .interrupted: .interrupted
            case .invalidValue: .usage
            case .alreadyExists, .olderFormat, .noSpace, .notWritable, .inUse,
                .conflict, .failed:
                .failed
            }
    }

    private init(_ kind: MediaError.Kind) {
        self =
            switch kind {
            case .truncated: .damaged
            // As `head` does: it has what it wanted.
            case .readerGone: .done
            default: .failed
            }
    }

    private init(_ kind: PackError.Kind) {
        self =
            switch kind {
            case .notFound, .notReadable, .alreadyExists, .cannotWrite: .failed
            case .badRequest: .usage
            case .badManifest: .damaged
            case .weightsMismatch: .weightsMismatch
            case .missingNetwork: .weightsMissing
            }
    }

    private init(_ kind: ClusterError.Kind) {
        self =
            switch kind {
            case .engine, .refused, .failed: .failed
            case .unknownJob: .unknownReference
            case .damaged, .stranger: .damaged
            case .badRequest: .usage
            }
    }

    private init(_ kind: SearchError.Kind) {
        self =
            switch kind {
            case .damaged: .damaged
            case .locked: .locked
            case .notWritable, .noSpace, .failed: .failed
            }
    }

    private init(_ kind: TrainingError.Kind) {
        self =
            switch kind {
            case .badConfig: .usage
            case .badCheckpoint: .damaged
            case .badData, .diverged, .cannotWrite: .failed
            }
    }

    /// What to tell the user about an error.
    static func message(of error: any Error) -> String {
        switch error {
        case let error as CocoaError: error.message
        case is InterruptedError where Interruption.wasTerminated,
            is StoreError where Self(of: error) == .terminated:
            "terminated; nothing half-done was left behind"
        case _ where Self(of: error) == .bug:
            "this is a bug in vsdb, please report it with the command: \(error)"
        default: String(describing: error)
        }
    }
}
