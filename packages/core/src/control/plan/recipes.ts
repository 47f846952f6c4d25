import type { Recipe } from './forecast.ts';
import type { Pilot } from './pilot.ts';

/** Posteriors of the AIs below which people are asked. */
const thresholds = [0.8, 0.9, 0.95, 0.99];

/** The ways to spend the money that are compared: people, AIs, both, and AIs first. */
export function recipesOf(pilot: Pilot, mostPeople: number, families: readonly number[]): Recipe[] {
  const recipes: Recipe[] = [];
  const withPeople = pilot.people.length > 0;
  if (withPeople) for (let people = 1; people <= mostPeople; people++) recipes.push({ people, ais: [] });
  const all = Array.from(pilot.ais.keys());
  // Relatives hardly add to each other: the best of each family is a plan of its own.
  const best = bestOfFamilies(pilot, families);
  const teams = [all, best].filter((team, i) => team.length > 0 && (i === 0 || team.length < all.length));
  const alone = all.slice(0, 6).map((ai) => [ai]);
  for (const ais of [...alone, ...teams.filter((team) => team.length > 1)]) recipes.push({ people: 0, ais });
  if (!withPeople) return recipes;
  // Mixes take these teams; every subset would be too many.
  for (const ais of teams) {
    for (const people of [1, 2, 3, 5]) if (people <= mostPeople) recipes.push({ people, ais });
    for (const people of [3, 5]) {
      for (const threshold of thresholds) if (people <= mostPeople) recipes.push({ people, ais, threshold });
    }
  }
  return recipes;
}

/** The most accurate AI of each family on the gold tasks, by index; the first of equals. */
function bestOfFamilies({ ais, aiSaid, truth }: Pilot, families: readonly number[]): number[] {
  const right = Array.from(ais, (_, ai) => {
    return Array.from(truth).filter((known, g) => aiSaid[g * ais.length + ai] === known).length;
  });
  return [...new Set(families)].map((family) =>
    Array.from(ais.keys())
      .filter((ai) => families[ai] === family)
      .reduce((best, ai) => (right[ai] > right[best] ? ai : best)),
  );
}

/** `3 people`, `gpt-a + gpt-b`, `gpt-a, 3 people below 0.95`. */
export function nameOf({ people, threshold }: Recipe, ais: readonly string[]): string {
  const persons = people === 1 ? '1 person' : `${people} people`;
  if (ais.length === 0) return persons;
  const models = ais.length > 2 ? `${ais.length} AIs` : ais.join(' + ');
  if (people === 0) return models;
  return threshold === undefined ? `${models} + ${persons}` : `${models}, ${persons} below ${threshold}`;
}

/** The same number for AIs of one family; one that names none is alone in its own. */
export function familyNumbers(names: readonly string[], families: Readonly<Record<string, string>> = {}): number[] {
  const known = [...new Set(names.map((name) => families[name] ?? name))];
  return names.map((name) => known.indexOf(families[name] ?? name));
}
