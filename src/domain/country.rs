//! Countries by code: ISO 3166-1, the Union as `EU`, and Kosovo as `XK`, as the Union writes it.

/// One a line, code and English name, by code.
const TABLE: &str = "\
AD Andorra\n\
AE United Arab Emirates\n\
AF Afghanistan\n\
AG Antigua and Barbuda\n\
AI Anguilla\n\
AL Albania\n\
AM Armenia\n\
AO Angola\n\
AQ Antarctica\n\
AR Argentina\n\
AS American Samoa\n\
AT Austria\n\
AU Australia\n\
AW Aruba\n\
AX Åland Islands\n\
AZ Azerbaijan\n\
BA Bosnia and Herzegovina\n\
BB Barbados\n\
BD Bangladesh\n\
BE Belgium\n\
BF Burkina Faso\n\
BG Bulgaria\n\
BH Bahrain\n\
BI Burundi\n\
BJ Benin\n\
BL Saint Barthélemy\n\
BM Bermuda\n\
BN Brunei\n\
BO Bolivia\n\
BQ Bonaire, Sint Eustatius and Saba\n\
BR Brazil\n\
BS Bahamas\n\
BT Bhutan\n\
BV Bouvet Island\n\
BW Botswana\n\
BY Belarus\n\
BZ Belize\n\
CA Canada\n\
CC Cocos Islands\n\
CD Democratic Republic of the Congo\n\
CF Central African Republic\n\
CG Congo\n\
CH Switzerland\n\
CI Côte d’Ivoire\n\
CK Cook Islands\n\
CL Chile\n\
CM Cameroon\n\
CN China\n\
CO Colombia\n\
CR Costa Rica\n\
CU Cuba\n\
CV Cabo Verde\n\
CW Curaçao\n\
CX Christmas Island\n\
CY Cyprus\n\
CZ Czechia\n\
DE Germany\n\
DJ Djibouti\n\
DK Denmark\n\
DM Dominica\n\
DO Dominican Republic\n\
DZ Algeria\n\
EC Ecuador\n\
EE Estonia\n\
EG Egypt\n\
EH Western Sahara\n\
ER Eritrea\n\
ES Spain\n\
ET Ethiopia\n\
EU European Union\n\
FI Finland\n\
FJ Fiji\n\
FK Falkland Islands\n\
FM Micronesia\n\
FO Faroe Islands\n\
FR France\n\
GA Gabon\n\
GB United Kingdom\n\
GD Grenada\n\
GE Georgia\n\
GF French Guiana\n\
GG Guernsey\n\
GH Ghana\n\
GI Gibraltar\n\
GL Greenland\n\
GM Gambia\n\
GN Guinea\n\
GP Guadeloupe\n\
GQ Equatorial Guinea\n\
GR Greece\n\
GS South Georgia and the South Sandwich Islands\n\
GT Guatemala\n\
GU Guam\n\
GW Guinea-Bissau\n\
GY Guyana\n\
HK Hong Kong\n\
HM Heard Island and McDonald Islands\n\
HN Honduras\n\
HR Croatia\n\
HT Haiti\n\
HU Hungary\n\
ID Indonesia\n\
IE Ireland\n\
IL Israel\n\
IM Isle of Man\n\
IN India\n\
IO British Indian Ocean Territory\n\
IQ Iraq\n\
IR Iran\n\
IS Iceland\n\
IT Italy\n\
JE Jersey\n\
JM Jamaica\n\
JO Jordan\n\
JP Japan\n\
KE Kenya\n\
KG Kyrgyzstan\n\
KH Cambodia\n\
KI Kiribati\n\
KM Comoros\n\
KN Saint Kitts and Nevis\n\
KP North Korea\n\
KR South Korea\n\
KW Kuwait\n\
KY Cayman Islands\n\
KZ Kazakhstan\n\
LA Laos\n\
LB Lebanon\n\
LC Saint Lucia\n\
LI Liechtenstein\n\
LK Sri Lanka\n\
LR Liberia\n\
LS Lesotho\n\
LT Lithuania\n\
LU Luxembourg\n\
LV Latvia\n\
LY Libya\n\
MA Morocco\n\
MC Monaco\n\
MD Moldova\n\
ME Montenegro\n\
MF Saint Martin\n\
MG Madagascar\n\
MH Marshall Islands\n\
MK North Macedonia\n\
ML Mali\n\
MM Myanmar\n\
MN Mongolia\n\
MO Macao\n\
MP Northern Mariana Islands\n\
MQ Martinique\n\
MR Mauritania\n\
MS Montserrat\n\
MT Malta\n\
MU Mauritius\n\
MV Maldives\n\
MW Malawi\n\
MX Mexico\n\
MY Malaysia\n\
MZ Mozambique\n\
NA Namibia\n\
NC New Caledonia\n\
NE Niger\n\
NF Norfolk Island\n\
NG Nigeria\n\
NI Nicaragua\n\
NL Netherlands\n\
NO Norway\n\
NP Nepal\n\
NR Nauru\n\
NU Niue\n\
NZ New Zealand\n\
OM Oman\n\
PA Panama\n\
PE Peru\n\
PF French Polynesia\n\
PG Papua New Guinea\n\
PH Philippines\n\
PK Pakistan\n\
PL Poland\n\
PM Saint Pierre and Miquelon\n\
PN Pitcairn\n\
PR Puerto Rico\n\
PS Palestine\n\
PT Portugal\n\
PW Palau\n\
PY Paraguay\n\
QA Qatar\n\
RE Réunion\n\
RO Romania\n\
RS Serbia\n\
RU Russia\n\
RW Rwanda\n\
SA Saudi Arabia\n\
SB Solomon Islands\n\
SC Seychelles\n\
SD Sudan\n\
SE Sweden\n\
SG Singapore\n\
SH Saint Helena\n\
SI Slovenia\n\
SJ Svalbard and Jan Mayen\n\
SK Slovakia\n\
SL Sierra Leone\n\
SM San Marino\n\
SN Senegal\n\
SO Somalia\n\
SR Suriname\n\
SS South Sudan\n\
ST São Tomé and Príncipe\n\
SV El Salvador\n\
SX Sint Maarten\n\
SY Syria\n\
SZ Eswatini\n\
TC Turks and Caicos Islands\n\
TD Chad\n\
TF French Southern Territories\n\
TG Togo\n\
TH Thailand\n\
TJ Tajikistan\n\
TK Tokelau\n\
TL Timor-Leste\n\
TM Turkmenistan\n\
TN Tunisia\n\
TO Tonga\n\
TR Türkiye\n\
TT Trinidad and Tobago\n\
TV Tuvalu\n\
TW Taiwan\n\
TZ Tanzania\n\
UA Ukraine\n\
UG Uganda\n\
UM United States Minor Outlying Islands\n\
US United States\n\
UY Uruguay\n\
UZ Uzbekistan\n\
VA Holy See\n\
VC Saint Vincent and the Grenadines\n\
VE Venezuela\n\
VG British Virgin Islands\n\
VI United States Virgin Islands\n\
VN Vietnam\n\
VU Vanuatu\n\
WF Wallis and Futuna\n\
WS Samoa\n\
XK Kosovo\n\
YE Yemen\n\
YT Mayotte\n\
ZA South Africa\n\
ZM Zambia\n\
ZW Zimbabwe";

/// The English name of a country; none for what is no country's code.
pub fn name(code: &str) -> Option<&'static str> {
    TABLE.lines().filter_map(|line| line.split_once(' ')).find(|(key, _)| *key == code).map(|(_, name)| name)
}

/// Whether a body can belong to it: a country, or the Union.
pub fn is_known(code: &str) -> bool {
    name(code).is_some()
}

#[cfg(test)]
mod tests {
    use crate::domain::country::{TABLE, is_known, name};

    #[test]
    fn every_code_of_the_standard_is_there_once() {
        let codes: std::collections::BTreeSet<&str> = TABLE.lines().map(|line| &line[..2]).collect();
        // 249 of ISO 3166-1, and ours: EU, XK.
        assert_eq!((codes.len(), TABLE.lines().count()), (251, 251));
        assert_eq!(
            (name("CN"), name("EU"), name("ZW")),
            (Some("China"), Some("European Union"), Some("Zimbabwe"))
        );
        assert!(!is_known("XX") && !is_known("UK") && !is_known("de") && !is_known(""));
    }
}
