/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c -- a main() for a fuzz target in a build without libFuzzer: feed it
 * nothing, then every file of the directory named on the command line, each
 * once whole and once without its last byte.
 *
 * A target fails by assert() or by a signal; so does this program.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly `size` bytes, so that valgrind and ASan see its end. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(1, size == 0 ? 1 : size);

    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int feed_file(const char *path, uint8_t *input)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        perror(path);
        return 1;
    }
    size = fread(input, 1, INPUT_MAX, file);
    (void)fclose(file);
    feed(input, size);
    if (size > 0)
        feed(input, size - 1);
    return 0;
}

static int feed_directory(const char *name, uint8_t *input, unsigned *count)
{
    DIR *dir = opendir(name);
    const struct dirent *entry;
    char path[4096];
    int failed = 0;

    if (dir == NULL) {
        perror(name);
        return 1;
    }
    for (entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
        failed |= feed_file(path, input);
        (*count)++;
    }
    (void)closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1];
    uint8_t *input = malloc(INPUT_MAX);
    unsigned count = 0;
    int failed;

    if (input == NULL || argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    feed(nothing, 0);
    failed = feed_directory(argv[1], input, &count);
    free(input);
    if (count == 0)
        (void)fprintf(stderr, "%s: no seeds\n", argv[1]);
    return failed != 0 || count == 0;
}
