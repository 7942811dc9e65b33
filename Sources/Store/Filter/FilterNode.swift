/// A filter as a tree, whose values are checked.
indirect enum FilterNode: Equatable, Sendable {
    case all([FilterNode])
    case any([FilterNode])
    case not(FilterNode)
    case test(FilterTest)
}

/// One comparison: true if the field stands in the relation to any of the values.
struct FilterTest: Equatable, Sendable {
    let field: FilterField
    /// Neither `unequal` nor `among`: those are `equal`, negated or with several values.
    let relation: FilterRelation
    let values: [FilterValue]
}

/// A value of the type that its field has.
enum FilterValue: Equatable, Sendable {
    /// A text, the first digits of a hash, or a media kind.
    case text(String)
    /// A number in units of the field's scale.
    case number(Double)
    /// The first moment of a date, and the first one behind it, as the catalogue stores times.
    case span(first: String, next: String)
    case flag(Bool)
}
