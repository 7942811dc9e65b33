internal import Packs
internal import Store

/// The compositions and collections of a bundle, checked.
struct BundleDocuments {
    var compositions: [NewComposition] = []
    var collections: [CollectedClips] = []

    /// Reads them.
    ///
    /// - Parameters:
    ///   - bundle: Files whose hashes were compared.
    ///   - clips: The clips that the bundle has.
    /// - Throws: `StoreError`, `.damaged`; `PackError` for JSON of another form.
    init(_ bundle: ClipBundle, clips: Set<ClipID>) throws {
        func ids(_ texts: [String], _ place: String) throws -> [ClipID] {
            try texts.map { text in
                guard let id = ClipID(hex: text), clips.contains(id) else {
                    throw bundle.damaged("\(place): clip \"\(text)\" is not in the bundle")
                }
                return id
            }
        }
        var names: Set<String> = []
        try bundle.forEachLine(of: bundle.manifest.compositions, as: BundleComposition.self) {
            line,
            place in
            guard ClipName.isValid(line.name), names.insert(line.name).inserted else {
                throw bundle.damaged("\(place): \"\(line.name)\" is no name, or is there twice")
            }
            let parents = try ids(line.parents, place)
            do { _ = try Self.recipe(line.recipe, line.hash, parents, line.name) } catch {
                throw bundle.damaged("\(place): \(error)")
            }
            compositions.append(
                NewComposition(
                    name: line.name,
                    hash: line.hash,
                    recipeJSON: line.recipe,
                    parents: parents
                )
            )
        }
        names = []
        try bundle.forEachLine(of: bundle.manifest.collections, as: BundleCollection.self) {
            line,
            place in
            guard ClipName.isValid(line.name), names.insert(line.name).inserted else {
                throw bundle.damaged("\(place): \"\(line.name)\" is no name, or is there twice")
            }
            let clips = try ids(line.clips, place)
            guard Set(clips).count == clips.count else {
                throw bundle.damaged("\(place): a clip is in \"\(line.name)\" twice")
            }
            collections.append(CollectedClips(name: line.name, clips: clips))
        }
    }

    /// A recipe whose hash and clips are those that are said beside it.
    ///
    /// - Throws: `RequestError` saying what differs.
    static func recipe(
        _ text: String,
        _ hash: String,
        _ parents: [ClipID],
        _ name: String
    ) throws -> Recipe {
        let recipe = try Recipe.decode(text, name: name)
        guard try recipe.hash() == hash else {
            throw RequestError("recipe \"\(name)\" does not match its hash")
        }
        guard Set(recipe.clipIDs) == Set(parents.map(\.hex)) else {
            throw RequestError("recipe \"\(name)\" has other clips than are named beside it")
        }
        return recipe
    }
}
