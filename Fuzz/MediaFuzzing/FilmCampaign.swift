package import Foundation
import Synchronization

/// A run of changed films through processes that read them as `vsdb ingest` does.
package struct FilmCampaign: Sendable {
    /// What a process must not need more memory than while it reads one input, in KiB.
    ///
    /// The films are small: one that makes a reader ask for more lies about its size.
    package static let memoryLimitKiB = 1 << 20

    /// An input that did what no input may do.
    package struct Finding: Sendable, CustomStringConvertible {
        /// Its number; with the seed it makes the same bytes again.
        package let index: Int
        /// What happened.
        package let reason: String
        /// Where the bytes were kept.
        package let path: String

        /// All in one line.
        package var description: String { "input \(index): \(reason); kept as \(path)" }
    }

    /// What a campaign has seen.
    package struct Counts: Sendable, CustomStringConvertible {
        /// How many inputs ended in each way.
        package var outcomes: [String: Int] = [:]
        /// The slowest input.
        package var slowest = (milliseconds: 0, index: 0)
        /// The input with the most memory.
        package var largest = (kibibytes: 0, index: 0)
        /// What must not be.
        package var findings: [Finding] = []

        /// All inputs that were tried.
        package var total = 0

        /// The counts in words.
        package var description: String {
            func count(_ outcome: FilmTrial.Outcome) -> Int { outcomes[outcome.rawValue] ?? 0 }
            return
                "\(total) changed films: \(count(.whole)) read, \(count(.damaged)) read up to a damage, "
                + "\(count(.refused)) refused, \(findings.count) findings; at most "
                + "\(slowest.milliseconds) ms (input \(slowest.index)) and "
                + "\(largest.kibibytes >> 10) MiB (input \(largest.index))"
        }

        mutating func add(_ other: Counts) {
            total += other.total
            outcomes.merge(other.outcomes, uniquingKeysWith: +)
            if other.slowest.milliseconds > slowest.milliseconds { slowest = other.slowest }
            if other.largest.kibibytes > largest.kibibytes { largest = other.largest }
            findings += other.findings
        }
    }

    /// The program whose `--child` reads inputs.
    private let program: URL
    /// The sound films that are changed.
    package let films: [String]
    private let folder: String
    private let seed: UInt64
    private let timeLimit: Double

    /// Prepares a campaign.
    ///
    /// - Parameters:
    ///   - program: The built `fuzz-media`.
    ///   - folder: For the films, the inputs in work, and `findings`.
    ///   - seed: The start of all changes.
    ///   - films: Sound films; those that ffmpeg makes if nil.
    ///   - timeLimit: What an input must not take longer than, in seconds.
    /// - Throws: `FuzzingError` without ffmpeg.
    package init(
        program: URL,
        folder: String,
        seed: UInt64,
        films: [String]? = nil,
        timeLimit: Double = 10
    ) throws {
        self.timeLimit = timeLimit
        self.program = program
        self.folder = folder
        self.seed = seed
        try FileManager.default.createDirectory(
            atPath: folder + "/films",
            withIntermediateDirectories: true
        )
        self.films = try films ?? FilmSeeds.make(in: folder + "/films")
    }

    /// Tries inputs, several processes beside each other.
    ///
    /// - Parameters:
    ///   - indices: Their numbers.
    ///   - end: When to stop, all tried or not.
    /// - Returns: What was seen.
    package func run(
        _ indices: Range<Int>,
        until end: Date = .distantFuture
    ) -> Counts {
        let counts = Mutex(Counts())
        let next = Atomic(indices.lowerBound)
        DispatchQueue.concurrentPerform(iterations: Self.processes) { number in
            while Date() < end {
                let first = next.add(Self.batch, ordering: .relaxed).oldValue
                guard first < indices.upperBound else { return }
                let seen = tryAll(first..<min(first + Self.batch, indices.upperBound), number)
                counts.withLock { $0.add(seen) }
            }
        }
        return counts.withLock { $0 }
    }

    /// How many processes there are at once.
    private static let processes = 2
    /// How many inputs a process reads.
    private static let batch = 250

    private func tryAll(_ indices: Range<Int>, _ number: Int) -> Counts {
        var counts = Counts()
        var next = indices.lowerBound
        var slow: Int?
        while next < indices.upperBound {
            let work = folder + "/work-\(number)"
            let arguments =
                ["--child", work, "\(seed)", "\(next)", "\(indices.upperBound)"] + films
            let child: TrialProcess
            do {
                try FileManager.default.createDirectory(
                    atPath: work,
                    withIntermediateDirectories: true
                )
                child = try TrialProcess(program, arguments)
            } catch {
                counts.findings.append(Finding(index: next, reason: "\(error)", path: work))
                return counts
            }
            while let line = child.line(within: timeLimit), next < indices.upperBound {
                note(line, next, &counts)
                next += 1
            }
            let ending = child.end()
            guard next < indices.upperBound else {
                // Such as what a destructor does to memory that an input broke.
                if !child.endedWell {
                    counts.findings.append(keep(next - 1, "after its line, \(ending)"))
                }
                break
            }
            // Once may be the doing of a busy machine: what hangs does so again.
            if child.ranOutOfTime, slow != next {
                slow = next
                continue
            }
            counts.findings.append(keep(next, child.ranOutOfTime ? "\(ending), twice" : ending))
            counts.total += 1
            next += 1
        }
        return counts
    }

    private func note(_ line: String, _ index: Int, _ counts: inout Counts) {
        counts.total += 1
        let words = line.split(separator: " ")
        guard words.count == 4, Int(words[0]) == index,
            let milliseconds = Int(words[2]), let kibibytes = Int(words[3])
        else {
            counts.findings.append(keep(index, "it wrote \"\(line)\""))
            return
        }
        if milliseconds > counts.slowest.milliseconds { counts.slowest = (milliseconds, index) }
        if kibibytes > counts.largest.kibibytes { counts.largest = (kibibytes, index) }
        if kibibytes > Self.memoryLimitKiB {
            counts.findings.append(keep(index, "it took \(kibibytes >> 10) MiB"))
        } else {
            counts.outcomes[String(words[1]), default: 0] += 1
        }
    }

    private func keep(_ index: Int, _ reason: String) -> Finding {
        let place = folder + "/findings"
        var path = "\(place)/\(seed)-\(index)"
        do {
            try FileManager.default.createDirectory(
                atPath: place,
                withIntermediateDirectories: true
            )
            let input = try FilmTrial(films: films, folder: place, seed: seed).input(index)
            path += "." + input.ending
            try input.bytes.write(to: URL(fileURLWithPath: path))
        } catch {
            path = "nothing: \(error)"
        }
        return Finding(index: index, reason: "\(reason) (seed \(seed))", path: path)
    }
}
