import ArgumentParser
import Foundation
import Media
import Pipelines
import Store

/// What a search found, as `--json` shows it.
struct FoundRecord: Encodable, Sendable {
    /// One clip.
    struct Match: Encodable, Sendable {
        let rank: Int
        let score: Double
        let id: String
        let name: String
        /// The part that is meant, seconds of the source; null for the whole clip.
        @OrNull var from: Double?
        @OrNull var to: Double?
        let duration: Double
        @OrNull var caption: String?
        let tags: [String]
        let source: String
        @OrNull var thumbnails: String?
    }

    let subject: String
    /// What scores are: `cosines`, or `deviations` above the library's mean.
    let scores: String
    let pack: String
    let candidates: Int
    let compared: Int
    let matches: [Match]
    let notes: [String]
}

/// Shows what a search found.
struct FoundClips {
    let request: FindRequest
    let result: FindResult
    let session: Session
    let options: FindOptions
    let shared: SharedOptions

    /// Writes pictures, if asked to, and prints the clips.
    ///
    /// - Throws: `StoreError`, `MediaError`, `ValidationError`.
    func show() throws {
        for note in result.notes { shared.console.note(note) }
        let paths = try writeThumbnails()
        try print(paths)
        guard let sheet = options.sheet else { return }
        guard !result.clips.isEmpty else {
            return shared.console.note("nothing was found: \(sheet) was not written")
        }
        try SheetFile.write(
            try session.sheet(request, result),
            to: sheet,
            of: result.clips.count,
            shared.console
        )
    }

    private func print(_ paths: [String?]) throws {
        let matches = zip(result.clips, paths).enumerated().map { rank, pair in
            FoundRecord.Match(
                rank: rank + 1,
                score: (pair.0.score * 1e5).rounded() / 1e5,
                id: pair.0.clip.id.hex,
                name: pair.0.clip.name,
                from: pair.0.part.map { pair.0.clip.start + $0.lowerBound },
                to: pair.0.part.map { pair.0.clip.start + $0.upperBound },
                duration: pair.0.clip.duration,
                caption: pair.0.clip.caption,
                tags: pair.0.clip.tags,
                source: pair.0.clip.source.path,
                thumbnails: pair.1
            )
        }
        switch shared.json ? .json : options.format {
        case .json:
            try shared.console.print(
                JSONOutput.document(
                    FoundRecord(
                        subject: result.subject,
                        scores: result.hasDeviations ? "deviations" : "cosines",
                        pack: result.pack,
                        candidates: result.candidates,
                        compared: result.compared,
                        matches: matches,
                        notes: result.notes
                    )
                )
            )
        case .csv: try printCSV(matches)
        case .table: try printTable(matches)
        }
    }

    private func printTable(_ matches: [FoundRecord.Match]) throws {
        guard !matches.isEmpty else { return }
        let hasParts = matches.contains { $0.from != nil }
        let hasPaths = options.thumbnails != nil
        var columns: [TextTable.Column] = [
            .right(result.hasDeviations ? "DEVIATIONS" : "SCORE"), .name("NAME"),
        ]
        if hasParts { columns.append(.right("PART")) }
        columns += [.right("LENGTH"), .cut("TAGS", to: 6), .cut("CAPTION", to: 8)]
        if hasPaths { columns.append(.left("PICTURES")) }
        var table = TextTable(columns)
        for match in matches {
            var row = [String(format: "%.3f", match.score), match.name]
            if hasParts {
                row.append(
                    match.from.flatMap { from in match.to.map { Wording.range(from, $0) } } ?? ""
                )
            }
            row += [
                Wording.trimmed(match.duration) + " s", match.tags.joined(separator: ","),
                match.caption ?? "",
            ]
            if hasPaths { row.append(match.thumbnails ?? "") }
            table.add(row)
        }
        try shared.console.printTable(table)
        shared.console.detail(
            "\(result.subject): \(result.compared) of \(result.candidates) rows compared by all numbers"
        )
    }

    private func printCSV(_ matches: [FoundRecord.Match]) throws {
        var lines = ["rank,score,name,id,from,to,duration,tags,caption,source,thumbnails"]
        for match in matches {
            let cells = [
                String(match.rank), String(match.score), match.name, match.id,
                match.from.map { Wording.trimmed($0) } ?? "",
                match.to.map { Wording.trimmed($0) } ?? "", Wording.trimmed(match.duration),
                match.tags.joined(separator: ","), match.caption ?? "", match.source,
                match.thumbnails ?? "",
            ]
            lines.append(CSV.line(cells))
        }
        try shared.console.print(lines.joined(separator: "\n"))
    }

    private func writeThumbnails() throws -> [String?] {
        guard let folder = options.thumbnails else { return result.clips.map { _ in nil } }
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        return try result.clips.map { found in
            guard let strip = try session.library.thumbnails(of: found.clip.id) else { return nil }
            let path = folder + "/" + found.clip.id.short + ".jpg"
            try StillImage.write(try StillImage.decode(strip), to: path, quality: 95)
            return path
        }
    }
}
