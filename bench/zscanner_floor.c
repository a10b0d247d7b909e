/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zscanner_floor.c -- what a bare parse of a zone file costs with Knot's
 * libzscanner, the parser that `holdfast audit` is measured against.
 *
 *     zscanner_floor FILE [ORIGIN]         count records and persist records
 *     zscanner_floor --dump FILE [ORIGIN]  the persist records, as hex lines
 *
 * The dump is what the differential test compares: owner, TTL, RDATA.
 */
#include <libzscanner/scanner.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct counts {
    uint64_t records;
    uint64_t persist;
    uint64_t errors;
    bool dump;
};

static bool has_label(const uint8_t *owner, const char *label)
{
    size_t len = strlen(label);

    return owner[0] == len &&
           strncasecmp((const char *)owner + 1, label, len) == 0;
}

static void put_hex(const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", octets[i]);
}

static void put_record(const zs_scanner_t *scanner)
{
    for (size_t i = 0; i < scanner->r_owner_length; i++) {
        uint8_t c = scanner->r_owner[i];

        printf("%02x", c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    printf(" %u ", scanner->r_ttl);
    put_hex(scanner->r_data, scanner->r_data_length);
    printf("\n");
}

static void on_record(zs_scanner_t *scanner)
{
    struct counts *counts = scanner->process.data;

    counts->records++;
    if (scanner->r_type != 16 ||
        (!has_label(scanner->r_owner, "_validation-persist") &&
         !has_label(scanner->r_owner, "_ip-validation-persist")))
        return;
    counts->persist++;
    if (counts->dump)
        put_record(scanner);
}

static void on_error(zs_scanner_t *scanner)
{
    struct counts *counts = scanner->process.data;

    counts->errors++;
}

int main(int argc, char **argv)
{
    static zs_scanner_t scanner;
    struct counts counts = {0};
    const char *origin;

    if (argc > 1 && strcmp(argv[1], "--dump") == 0) {
        counts.dump = true;
        argv++;
        argc--;
    }
    if (argc < 2)
        return 64;
    origin = argc > 2 ? argv[2] : ".";
    if (zs_init(&scanner, origin, 1, 3600) != 0 ||
        zs_set_input_file(&scanner, argv[1]) != 0 ||
        zs_set_processing(&scanner, on_record, on_error, &counts) != 0)
        return 1;
    (void)zs_parse_all(&scanner);
    zs_deinit(&scanner);
    if (!counts.dump)
        printf("%llu records, %llu persist, %llu errors\n",
               (unsigned long long)counts.records,
               (unsigned long long)counts.persist,
               (unsigned long long)counts.errors);
    else
        fprintf(stderr, "%llu errors\n", (unsigned long long)counts.errors);
    return 0;
}
