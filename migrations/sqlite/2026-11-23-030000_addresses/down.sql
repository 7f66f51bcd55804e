DROP TABLE former_addresses;
DROP TABLE erased_again;
DROP TABLE erased_mails;
DROP TABLE erased_parts;
