import Pipelines
import Store

/// Groups of duplicates as `vsdb duplicates` prints them.
struct DuplicateListing {
    /// A group as `--json` shows it.
    struct GroupRecord: Encodable, Sendable {
        /// One clip of it.
        struct Member: Encodable, Sendable {
            let id: String
            let name: String
            let keep: Bool
            let duration: Double
            @OrNull var caption: String?
            let tags: [String]
            let source: String
        }

        @OrNull var leastContent: Double?
        @OrNull var leastMotion: Double?
        let clips: [Member]
    }

    private struct Document: Encodable {
        let by: DuplicateRequest.Basis
        let pack: String
        @OrNull var contentThreshold: Double?
        @OrNull var motionThreshold: Double?
        let clips: Int
        let still: Int
        let groups: [GroupRecord]
        let notes: [String]
    }

    private let report: DuplicateReport
    private let basis: DuplicateRequest.Basis
    private let groups: [GroupRecord]

    init(_ report: DuplicateReport, _ basis: DuplicateRequest.Basis) {
        (self.report, self.basis) = (report, basis)
        groups = report.groups.map { group in
            GroupRecord(
                leastContent: group.leastContent.map(Self.rounded),
                leastMotion: group.leastMotion.map(Self.rounded),
                clips: group.clips.enumerated().map { place, clip in
                    GroupRecord.Member(
                        id: clip.id.hex,
                        name: clip.name,
                        keep: place == 0,
                        duration: clip.duration,
                        caption: clip.caption,
                        tags: clip.tags,
                        source: clip.source.path
                    )
                }
            )
        }
    }

    /// Prints the groups in a form; a table is followed by a note of what was compared.
    ///
    /// - Throws: `OutputError`.
    func print(_ format: FindOptions.Format, _ console: Console) throws {
        switch format {
        case .json: try console.print(JSONOutput.document(document))
        case .csv: try console.print(csv)
        case .table:
            if !groups.isEmpty { try console.printTable(table) }
            if report.clipCount + report.stillCount > 0 { console.note(summary) }
        }
    }

    private static func rounded(_ score: Double) -> Double { (score * 1e5).rounded() / 1e5 }

    private var document: Document {
        Document(
            by: basis,
            pack: report.pack,
            contentThreshold: report.contentThreshold.map(Self.rounded),
            motionThreshold: report.motionThreshold.map(Self.rounded),
            clips: report.clipCount,
            still: report.stillCount,
            groups: groups,
            notes: report.notes
        )
    }

    private var summary: String {
        let copies = groups.reduce(0) { $0 + $1.clips.count - 1 }
        let found =
            groups.isEmpty
            ? "no duplicates"
            : "\(Wording.count(groups.count, "group")); "
                + "\(Wording.count(copies, "clip")) beside those to keep"
        let still =
            switch (report.stillCount, basis) {
            case (0, _), (_, .content): ""
            case (let count, .motion): "; \(count) that stand still left out"
            case (let count, .both): "; \(count) that stand still by content alone"
            }
        return "\(found), of \(Wording.count(report.clipCount, "clip"))\(still)"
    }

    private var table: TextTable {
        let hasContent = report.contentThreshold != nil
        let hasMotion = report.motionThreshold != nil
        var columns: [TextTable.Column] = [.right("GROUP"), .left("KEEP"), .name("NAME")]
        if hasContent { columns.append(.right("CONTENT")) }
        if hasMotion { columns.append(.right("MOTION")) }
        columns += [.right("LENGTH"), .cut("TAGS", to: 6), .cut("SOURCE", to: 8)]
        var table = TextTable(columns)
        for (number, group) in groups.enumerated() {
            for clip in group.clips {
                func once(_ text: String) -> String { clip.keep ? text : "" }
                var row = [String(number + 1), once("keep"), clip.name]
                if hasContent { row.append(once(Self.shown(group.leastContent))) }
                if hasMotion { row.append(once(Self.shown(group.leastMotion))) }
                row += [
                    Wording.seconds(clip.duration), clip.tags.joined(separator: ","), clip.source,
                ]
                table.add(row)
            }
        }
        return table
    }

    private static func shown(_ score: Double?) -> String {
        score.map { Wording.decimal($0, digits: 3) } ?? "-"
    }

    private var csv: String {
        var lines = ["group,keep,name,id,least_content,least_motion,duration,tags,caption,source"]
        for (number, group) in groups.enumerated() {
            for clip in group.clips {
                let cells = [
                    String(number + 1), clip.keep ? "keep" : "", clip.name, clip.id,
                    group.leastContent.map { String($0) } ?? "",
                    group.leastMotion.map { String($0) } ?? "", Wording.trimmed(clip.duration),
                    clip.tags.joined(separator: ","), clip.caption ?? "", clip.source,
                ]
                lines.append(CSV.line(cells))
            }
        }
        return lines.joined(separator: "\n")
    }
}
