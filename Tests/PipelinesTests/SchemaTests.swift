import Foundation
import Models
import Packs
import Pipelines
import TestSupport
import Testing

/// `Schema/*.schema.json` say the same as the types that read the documents.
struct SchemaTests {
    private static let recipes = [
        "Samples/recipes/swap-with-green-top.json", "Samples/recipes/right-arm-with-mix.json",
    ]

    /// A recipe in which every key occurs.
    private static let fullRecipe = """
        {
          "format": 1, "pack": "p", "seed": 7,
          "content": {"id": "a", "name": "anna"},
          "motion": {"clip": {"id": "b", "name": "bert"}, "from": 0.5},
          "layers": [
            {"motion": {"clip": {"id": "c", "name": "cleo"}, "from": 0}, "weight": 0.25},
            {"motion": {"clip": {"id": "c", "name": "cleo"}, "from": 0}, "maskName": "left",
             "mask": [[1, 0], [1, 0]]}
          ],
          "edits": [{"from": "a red coat", "to": "a blue coat", "alpha": 1.5}],
          "times": {"start": 0, "frameRate": 25, "frameCount": 50}
        }
        """

    /// DINO as a pack for training states it.
    private static let dino = """
        {
          "weights": {"path": "dino.safetensors", "sha256": "0", "prefix": ""},
          "config": {
            "imageSize": 224, "patch": 16, "width": 768, "heads": 12, "layers": 12, "eps": 1e-6
          }
        }
        """

    @Test func theCompositionSchemaHasExactlyTheKeysOfARecipe() throws {
        let recipe = try Recipe.decode(Self.fullRecipe, name: "full")
        let document = try JSON(Data(recipe.encoded().utf8))
        try expectSameKeys(document, "composition.schema.json") { data in
            _ = try JSONDecoder().decode(Recipe.self, from: data)
        }
    }

    @Test func thePackSchemaHasExactlyTheKeysOfAManifest() throws {
        let file = Repository.file("Samples/packs/paper-doll/pack.json")
        var manifest = try JSONDecoder().decode(PackManifest.self, from: Data(contentsOf: file))
        // The keys that the sample pack leaves out.
        manifest.generator.config.convClamp = 256
        manifest.dino = try JSONDecoder().decode(
            PackManifest.Network<DINOConfig>.self,
            from: Data(Self.dino.utf8)
        )
        manifest.cropBox = [0, 0.1, 1, 0.9]
        let document = try JSON(JSONEncoder().encode(manifest))
        try expectSameKeys(document, "pack.schema.json") { data in
            _ = try JSONDecoder().decode(PackManifest.self, from: data)
        }
    }

    @Test func theSamplePackFollowsTheSchema() throws {
        let document = try JSON(contentsOf: Repository.file("Samples/packs/paper-doll/pack.json"))
        for key in try SchemaKeys("pack.schema.json").keys(of: document) {
            #expect(key.declaration != nil, "\(key.path)")
        }
    }

    @Test(arguments: recipes)
    func theSampleRecipesFollowTheSchemaAndFitTheSamplePack(path: String) throws {
        let data = try Data(contentsOf: Repository.file(path))
        for key in try SchemaKeys("composition.schema.json").keys(of: JSON(data)) {
            #expect(key.declaration != nil, "\(key.path)")
        }
        let recipe = try Recipe.decode(String(decoding: data, as: UTF8.self), name: path)
        let pack = try Pack(folder: Repository.file("Samples/packs/paper-doll").path)
        #expect(
            recipe.pack == pack.fingerprint,
            "the pack changed: make the recipes again as Samples/README.md says"
        )
    }

    /// Expects every declared key in a document and no other, and that just the required ones cannot be left out.
    private func expectSameKeys(
        _ document: JSON,
        _ schemaName: String,
        decode: (Data) throws -> Void
    ) throws {
        let schema = try SchemaKeys(schemaName)
        let keys = schema.keys(of: document)
        #expect(Set(keys.compactMap(\.declaration)) == schema.declarations)
        for key in keys {
            #expect(key.declaration != nil, "\(schemaName) and \(key.path)")
            let shortened = try document.removing(key.path[...]).encoded()
            let isNeeded = (try? decode(shortened)) == nil
            #expect(isNeeded == key.isRequired, "\(schemaName): required, and \(key.path)")
        }
    }
}
