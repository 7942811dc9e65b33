import ArgumentParser
import Packs
import Pipelines

/// The value of `--segment`: seconds or `none`.
struct SegmentArgument: ExpressibleByArgument {
    let value: IngestRequest.Segment

    init?(argument: String) {
        if argument == "none" {
            value = .none
        } else if let seconds = Double(argument), seconds.isFinite, seconds >= 0.05 {
            value = .seconds(seconds)
        } else {
            return nil
        }
    }
}

/// The value of `--align`.
enum AlignArgument: String, ExpressibleByArgument, CaseIterable {
    case none
    case center
    case pad

    /// The same for the library.
    var value: PackManifest.Alignment {
        switch self {
        case .none: .none
        case .center: .center
        case .pad: .pad
        }
    }
}
