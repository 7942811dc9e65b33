package import Foundation
import Glibc
import Media
import Packs
import Pipelines

/// One changed film through all that `vsdb ingest` reads of a file, in the process that calls it.
package struct FilmTrial {
    /// How it ended.
    package enum Outcome: String {
        /// All frames were given.
        case whole
        /// Frames were given up to a damaged place.
        case damaged
        /// Refused by one line.
        case refused
    }

    private let films: [Data]
    private let endings: [String]
    private let folder: String
    private let seed: UInt64

    /// Prepares the trials of a campaign.
    ///
    /// - Parameters:
    ///   - films: Paths of sound files.
    ///   - folder: Where a changed one lies while it is read.
    ///   - seed: The campaign's.
    /// - Throws: What reading the films throws.
    package init(films: [String], folder: String, seed: UInt64) throws {
        self.films = try films.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        endings = films.map { URL(fileURLWithPath: $0).pathExtension }
        self.folder = folder
        self.seed = seed
    }

    /// The bytes of one input, and the ending of their film.
    package func input(_ index: Int) -> (bytes: Data, ending: String) {
        var mutator = FilmMutator(seed: seed, index: index)
        let made = mutator.make(from: films)
        return (made.bytes, endings[made.film])
    }

    /// Reads one input.
    package func run(_ index: Int) throws -> Outcome {
        let (bytes, ending) = input(index)
        let path = folder + "/changed." + ending
        try bytes.write(to: URL(fileURLWithPath: path))
        return try Self.read(path, index: index)
    }

    /// Reads a file in one of several ways that an ingest can be told to.
    package static func read(_ path: String, index: Int) throws -> Outcome {
        var request = IngestRequest(inputs: [path])
        switch index % 5 {
        case 3: request.segment = .none
        case 4: (request.segment, request.start) = (.seconds(0.1), 0.2)
        default: break
        }
        do {
            let reading = try IngestReading(
                path: path,
                request: request,
                clipSeconds: 0.24,
                alignment: [.center, .pad, .none][index / 5 % 3]
            )
            precondition(reading.clips <= reading.plannedClips, "more clips than planned")
            precondition(
                reading.damage != nil || reading.clips == reading.plannedClips,
                "a clip is missing without a word"
            )
            return reading.damage == nil ? .whole : .damaged
        } catch let error as MediaError {
            precondition(!error.description.contains("\n"), "a message of several lines")
            return .refused
        } catch let error as RequestError {
            precondition(!error.description.contains("\n"), "a message of several lines")
            return .refused
        }
    }
}

extension FilmTrial {
    /// Reads inputs one after the other and writes a line about each to standard output.
    ///
    /// The line: number, outcome, milliseconds, the most memory that the process had meanwhile, in KiB. An end without
    /// the line of an input is that input's doing.
    ///
    /// - Throws: What no file may make an ingest throw.
    package func reportAll(_ indices: Range<Int>) throws {
        Self.limitMemory()
        for index in indices {
            Self.forgetPeak()
            let began = ContinuousClock.now
            let outcome = try run(index)
            let milliseconds = (ContinuousClock.now - began) / .milliseconds(1)
            let line = "\(index) \(outcome.rawValue) \(Int(milliseconds)) \(Self.peakKiB)\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        }
    }

    /// The largest address space of a process that reads: what asks for more gets nothing.
    ///
    /// Not under AddressSanitizer, which sets aside 16 TiB for its shadow.
    private static func limitMemory() {
        guard dlsym(nil, "__asan_init") == nil, dlsym(nil, "__tsan_init") == nil else { return }
        var limit = rlimit(rlim_cur: 8 << 30, rlim_max: 8 << 30)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }

    /// Starts the peak anew, as proc(5) describes.
    private static func forgetPeak() {
        guard let file = fopen("/proc/self/clear_refs", "w") else { return }
        fputs("5", file)
        fclose(file)
    }

    private static var peakKiB: Int {
        let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
