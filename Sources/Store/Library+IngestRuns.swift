import Foundation
import GRDB

extension Library {
    /// Notes that an ingest begins.
    ///
    /// - Parameter requestJSON: What was asked, as a JSON object.
    /// - Returns: The number to give to the new clips.
    /// - Throws: `StoreError`: `.invalidValue`, `.locked`, `.noSpace`, `.notWritable`.
    public func beginIngestRun(requestJSON: String) throws(StoreError) -> IngestRunID {
        try checkJSON(requestJSON, of: "ingest run: the request")
        return try writing("begin an ingest run") { db in try insertRun(requestJSON, db) }
    }

    /// The ingest of a job that others do for the library: begun if it is not in the log, and the same one ever after.
    ///
    /// - Parameters:
    ///   - job: What tells the job from all others.
    ///   - requestJSON: What was asked, as a JSON object whose `job` is the same.
    /// - Returns: The number to give to the new clips.
    /// - Throws: `StoreError`: `.invalidValue`, `.locked`, `.noSpace`, `.notWritable`.
    public func ingestRun(
        ofJob job: String,
        requestJSON: String
    ) throws(StoreError) -> IngestRunID {
        try checkJSON(requestJSON, of: "ingest run: the request")
        return try writing("begin the ingest run of a job") { db in
            let known = try Int64.fetchOne(
                db,
                sql: """
                    SELECT id FROM ingest_runs
                    WHERE json_valid(request) AND json_extract(request, '$.job') = ? ORDER BY id
                    """,
                arguments: [job]
            )
            if let known { return IngestRunID(number: known) }
            return try insertRun(requestJSON, db)
        }
    }

    /// How many clips of the library came in an ingest run.
    ///
    /// - Throws: `StoreError`.
    public func clipCount(of run: IngestRunID) throws(StoreError) -> Int {
        try reading("count the clips of an ingest run") { db in
            let count = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM clips WHERE ingest_run_id = ?",
                arguments: [run.number]
            )
            return count ?? 0
        }
    }

    private func insertRun(_ requestJSON: String, _ db: Database) throws -> IngestRunID {
        try db.execute(
            sql: "INSERT INTO ingest_runs (request, started) VALUES (?, ?)",
            arguments: [requestJSON, timestamp(Date())]
        )
        return IngestRunID(number: db.lastInsertedRowID)
    }

    /// Notes that an ingest ended.
    ///
    /// - Throws: `StoreError`: `.locked`, `.noSpace`.
    public func finishIngestRun(_ id: IngestRunID, counts: IngestCounts) throws(StoreError) {
        try writing("finish an ingest run") { db in
            try db.execute(
                sql: """
                    UPDATE ingest_runs SET finished = ?, added_count = ?, skipped_count = ?,
                        failed_count = ? WHERE id = ?
                    """,
                arguments: [
                    timestamp(Date()), counts.added, counts.skipped, counts.failed, id.number,
                ]
            )
        }
    }

    /// All ingest runs, newest first.
    ///
    /// - Throws: `StoreError`.
    public func ingestRuns() throws(StoreError) -> [IngestRun] {
        try reading("list ingest runs") { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, request, started, finished, added_count, skipped_count, failed_count
                    FROM ingest_runs ORDER BY id DESC
                    """
            )
            return try rows.map { row in
                let finished: String? = try row.at(3)
                return IngestRun(
                    id: IngestRunID(number: try row.at(0)),
                    requestJSON: try row.at(1),
                    started: try date(row.at(2)),
                    finished: try finished.map(date),
                    counts: IngestCounts(
                        added: try row.at(4),
                        skipped: try row.at(5),
                        failed: try row.at(6)
                    )
                )
            }
        }
    }
}
