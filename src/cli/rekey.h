/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rekey.h -- changing an account's key so that no crash can lose it (REQ
 * CLI-39): the key to come is on disk, and named in account.json, before the
 * CA hears of it; which of the two counts afterwards is the CA's word. No key
 * file is removed before the CA has confirmed the one that takes its place.
 */
#pragma once

#include "cli/holder.h"

/* If a change was interrupted: ask the CA which key it knows, and go on with
 * that. Does nothing when there is no key to come. When the CA accepts
 * neither, both stay, and this is HF_EXIT_GOOD: the command goes on with the
 * old key, and hears from the CA what is wrong. */
enum hf_exit hf_rekey_finish(struct hf_holder *holder);

/* Change to the key that `choice` says, from start to end. With nothing said
 * it is where the old one is, under the same passphrase or PIN. */
enum hf_exit hf_rekey(struct hf_holder *holder, struct hf_key_choice *choice);
