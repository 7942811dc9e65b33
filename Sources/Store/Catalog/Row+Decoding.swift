import GRDB

extension Row {
    /// The value of a column.
    ///
    /// A damaged page can hold a null, or a value of another type, where the schema allows none; GRDB's
    /// subscript ends the process there.
    ///
    /// - Throws: `StoreError`, `.damaged`.
    func at<Value: DatabaseValueConvertible>(_ column: Int) throws(StoreError) -> Value {
        do { return try decode(Value.self, atIndex: column) } catch {
            throw StoreError(
                .damaged,
                "catalogue: a \"\(Array(columnNames)[column])\" is not what was written; see vsdb check, "
                    + "and mend it with vsdb repair"
            )
        }
    }
}
