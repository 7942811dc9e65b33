public import Foundation

/// A recipe to save.
public struct NewComposition: Sendable, Equatable {
    /// The unique name; it must be valid as it is.
    public var name: String
    /// The hash of the recipe, in hexadecimal digits; it stands for the content.
    public var hash: String
    /// The recipe, a JSON object.
    public var recipeJSON: String
    /// The clips that it draws on, in the order of the recipe.
    public var parents: [ClipID]

    /// Describes a recipe to save.
    public init(name: String, hash: String, recipeJSON: String, parents: [ClipID]) {
        self.name = name
        self.hash = hash.lowercased()
        self.recipeJSON = recipeJSON
        self.parents = parents
    }
}

/// A saved recipe.
public struct Composition: Sendable, Equatable {
    /// The unique name.
    public let name: String
    /// The hash of the recipe.
    public let hash: String
    /// The recipe, a JSON object, as it was saved.
    public let recipeJSON: String
    /// The clips that it draws on; one removed by force is still named.
    public let parents: [ClipID]
    /// When it was saved.
    public let added: Date
}

/// A video that was rendered from a recipe.
public struct RenderRecord: Sendable, Equatable {
    /// The hash of the recipe.
    public var recipeHash: String
    /// Where the video was written.
    public var outputPath: String
    /// Seed, size, solver statistics and the like, as a JSON object.
    public var detailsJSON: String
    /// When it was rendered.
    public var rendered: Date

    /// Describes a render that is done.
    public init(
        recipeHash: String,
        outputPath: String,
        detailsJSON: String = "{}",
        rendered: Date = Date()
    ) {
        self.recipeHash = recipeHash.lowercased()
        self.outputPath = outputPath
        self.detailsJSON = detailsJSON
        self.rendered = rendered
    }
}
