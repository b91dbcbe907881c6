#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/fuzz/mutate.h"

enum { SEEDS_MAX = 256, INPUT_MAX = 64 * 1024, CHANGES_MAX = 8 };

struct input {
	uint8_t bytes[INPUT_MAX];
	size_t length;
};

struct seeds {
	struct input *list[SEEDS_MAX];
	size_t count;
	uint64_t chance;
};

struct piece {
	size_t at, length;
};

static size_t
pick(struct seeds *seeds, size_t below)
{
	seeds->chance = seeds->chance * 6364136223846793005u + 1442695040888963407u;
	return below == 0 ? 0 : (size_t)(seeds->chance >> 33) % below;
}

/* A line with its end, by chance. */
static struct piece
pick_line(struct seeds *seeds, const struct input *input)
{
	size_t from = pick(seeds, input->length), to = from;

	while (from > 0 && input->bytes[from - 1] != '\n')
		from--;
	while (to < input->length && input->bytes[to++] != '\n')
		;
	return (struct piece){ from, to - from };
}

static void
take_out(struct input *input, struct piece piece)
{
	memmove(input->bytes + piece.at, input->bytes + piece.at + piece.length, input->length - piece.at - piece.length);
	input->length -= piece.length;
}

static void
put_in(struct input *input, size_t at, const uint8_t *bytes, size_t length)
{
	if (length > sizeof input->bytes - input->length)
		return;
	memmove(input->bytes + at + length, input->bytes + at, input->length - at);
	memcpy(input->bytes + at, bytes, length);
	input->length += length;
}

/* The line goes before another one. */
static void
put_line(struct seeds *seeds, struct input *input, const struct input *from, bool moves)
{
	static uint8_t copy[INPUT_MAX];
	struct piece line = pick_line(seeds, from);

	memcpy(copy, from->bytes + line.at, line.length);
	if (moves)
		take_out(input, line);
	put_in(input, pick_line(seeds, input).at, copy, line.length);
}

static void
change(struct seeds *seeds, struct input *input)
{
	static const uint8_t telling[] = { '\0', '\n', '\\', '<', '>', '@', ';', '"', '.', 0xff };
	uint8_t byte = (uint8_t)pick(seeds, 256);

	if (input->length == 0)
		return;
	switch (pick(seeds, 9)) {
	case 0:
		take_out(input, pick_line(seeds, input));
		break;
	case 1:
		put_line(seeds, input, input, false);
		break;
	case 2:
	case 3:
		put_line(seeds, input, input, true);
		break;
	case 4:
	case 5:
		put_line(seeds, input, seeds->list[pick(seeds, seeds->count)], false);
		break;
	case 6:
		input->bytes[pick(seeds, input->length)] = byte;
		break;
	case 7:
		put_in(input, pick(seeds, input->length), &telling[pick(seeds, sizeof telling)], 1);
		break;
	default:
		if (pick(seeds, 4) == 0)
			input->length = pick(seeds, input->length);
		else
			take_out(input, (struct piece){ pick(seeds, input->length), 1 });
	}
}

static bool
read_seed(struct seeds *seeds, const char *folder, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct input *input = calloc(1, sizeof *input);
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (input == NULL || file == NULL || seeds->count == SEEDS_MAX) {
		free(input);
		return false;
	}
	input->length = fread(input->bytes, 1, sizeof input->bytes, file);
	fclose(file);
	seeds->list[seeds->count++] = input;
	return true;
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
read_seeds(struct seeds *seeds, const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_seed, alphasort);
	bool good = count > 0;

	for (int i = 0; i < count; i++) {
		good = read_seed(seeds, folder, entries[i]->d_name) && good;
		free(entries[i]);
	}
	free(entries);
	return good;
}

bool
mutate_all(const char *folder, unsigned long count, uint64_t series, bool (*feed)(const uint8_t *, size_t))
{
	struct seeds seeds = { .chance = series * 0x9e3779b97f4a7c15u };
	static struct input input;
	bool good = read_seeds(&seeds, folder);

	for (unsigned long i = 0; good && i < count; i++) {
		const struct input *seed = seeds.list[pick(&seeds, seeds.count)];

		memcpy(input.bytes, seed->bytes, seed->length);
		input.length = seed->length;
		for (size_t left = 1 + pick(&seeds, CHANGES_MAX); left > 0; left--)
			change(&seeds, &input);
		good = feed(input.bytes, input.length);
	}
	for (size_t i = 0; i < seeds.count; i++)
		free(seeds.list[i]);
	return good;
}
