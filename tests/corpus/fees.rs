//! How officials announce a charge, and where money is named that nobody asks for, told sentence by sentence.

use super::KNOWLEDGE;
use askance::domain::incoming::understand;

/// The sum read in a letter with this sentence, as `12.60 EUR`.
fn asked(before: &str, sentence: &str) -> Option<String> {
    let mail = format!(
        "From: Office <office@authority.example>\r\nTo: r-x@post.askance.example\r\nSubject: 2026\r\n\
         Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{before}\r\n\r\n{sentence}\r\n"
    );
    let incoming = understand(mail.as_bytes(), &KNOWLEDGE);
    let fee = incoming.reading.fee?;
    let shown = incoming.reading.stated_in.fee.expect("a fee has its passage").text;
    assert!(incoming.full_text.contains(&shown), "`{shown}` does not stand in the letter");
    Some(format!("{} {}", fee.amount, fee.currency))
}

/// A language's greeting, sentences that ask for a sum, and sentences that ask for none.
type Told<'t> = (&'t str, &'t [(&'t str, &'t str)], &'t [&'t str]);

fn tell(told: &[Told<'_>]) {
    let mut wrong = Vec::new();
    for (before, charged, free) in told {
        for (sentence, sum) in *charged {
            let read = asked(before, sentence);
            if read.as_deref() != Some(*sum) {
                wrong.push(format!("{sentence}: expected {sum}, read {read:?}"));
            }
        }
        for sentence in *free {
            if let Some(read) = asked(before, sentence) {
                wrong.push(format!("{sentence}: expected no fee, read {read}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_charge_is_heard_in_the_words_of_western_offices() {
    tell(WESTERN);
}

const WESTERN: &[Told<'_>] = &[
    (
        "Dear Mr Hill, thank you for your request, which we have received.",
        &[
            ("The copies will be invoiced at £18.", "18.00 GBP"),
            ("Printing and postage would come to £1,250.50.", "1250.50 GBP"),
            ("Please send a cheque for €24 before we post them.", "24.00 EUR"),
            ("That is 84 pages at €0.50, in total €42.00.", "42.00 EUR"),
            // What others add up to is asked for, wherever it stands; prices of one piece may stand between.
            (
                "You would have to pay the costs:\n- copies 212 x €0.20 = €42.40\n- parcel: €5.40\n- all: €47.80",
                "47.80 EUR",
            ),
            ("The costs are €47.80:\n\n- copies: 212 at €0.20 = €42.40\n- parcel: €5.40", "47.80 EUR"),
            (
                "You would have to pay the costs:\n930 pages at €0.05 ...... €46.50\n2 discs at €1.50 ...... €3.00\nboth ...... €49.50",
                "49.50 EUR",
            ),
        ],
        &[
            "A fee of up to £25 may be charged under the Act.",
            "The contract for the system was awarded for £48,000.",
            "The supplier was fined £400.",
            "We have waived the fee of £30.",
            "The hourly rate is £25 per hour.",
        ],
    ),
    (
        "Sehr geehrte Frau Berg, wir haben Ihren Antrag erhalten und geprüft.",
        &[
            ("Für die Kopien stellen wir Ihnen 12,50 Euro in Rechnung.", "12.50 EUR"),
            ("Die Gebühr wird auf 45,– € festgesetzt.", "45.00 EUR"),
            ("Der Aufwand kostet Sie CHF 1'250.00.", "1250.00 CHF"),
            ("Bitte überweisen Sie vorab EUR 12,-.", "12.00 EUR"),
        ],
        &[
            "Es können Gebühren bis zu 500 Euro erhoben werden.",
            "Die Kamera wurde für 890 Euro beschafft, der Vertrag nennt den Preis.",
            "Das Bußgeld betrug 200 Euro.",
        ],
    ),
    (
        "Madame, nous avons bien reçu votre demande et nous vous en remercions.",
        &[
            ("Nous estimons les émoluments à CHF 650.-.", "650.00 CHF"),
            ("Les copies vous seront facturées 14,40 euros.", "14.40 EUR"),
            ("Vous voudrez bien régler la somme de 9,20 € par chèque.", "9.20 EUR"),
        ],
        &[
            "Le marché a été attribué pour 84 000 euros.",
            "L'amende était de 300 euros.",
            "Aucune redevance n'est due jusqu'à 15 euros.",
        ],
    ),
    (
        "Estimada señora: hemos recibido su solicitud de información y la estamos tramitando.",
        &[
            ("Por las copias deberá abonar 12,60 euros.", "12.60 EUR"),
            ("La tasa asciende a 8,40 €.", "8.40 EUR"),
            ("El coste previsto de la reproducción es de 31 euros.", "31.00 EUR"),
        ],
        &["El contrato se adjudicó por 1.204.500,00 euros.", "La multa fue de 600 euros."],
    ),
    (
        "Gentile signora, abbiamo ricevuto la sua richiesta di accesso e la stiamo esaminando.",
        &[
            ("Per il rilascio occorre una marca da bollo da 16,00 euro.", "16.00 EUR"),
            ("I costi di riproduzione sono a carico del richiedente: € 8,50.", "8.50 EUR"),
            ("Dovrà versare 22 euro tramite PagoPA.", "22.00 EUR"),
        ],
        &["Il contratto ha un valore di 45.000 euro.", "La sanzione era di 500 euro."],
    ),
    (
        "Exma. Senhora, recebemos o seu pedido de acesso e estamos a analisá-lo.",
        &[
            ("O custo previsível das cópias é de 14,20 euros.", "14.20 EUR"),
            ("Deverá pagar 7,50 € na tesouraria.", "7.50 EUR"),
        ],
        &["O contrato foi adjudicado por 98.000 euros.", "A coima foi de 250 euros."],
    ),
    (
        "Geachte mevrouw, wij hebben uw verzoek ontvangen en behandelen het.",
        &[
            ("U ontvangt de papieren kopieën tegen kosten van € 23,85.", "23.85 EUR"),
            ("Wij brengen hiervoor € 9,00 in rekening.", "9.00 EUR"),
            ("De leges bedragen 45,-.", "45.00 EUR"),
        ],
        &["De opdracht is gegund voor € 75.000.", "De boete was 300 euro.", "Tot € 20 is het gratis."],
    ),
    (
        "Kære Mette, vi har modtaget din anmodning om aktindsigt.",
        &[
            ("Kopierne koster i alt kr. 649,-.", "649.00 DKK"),
            ("Vi opkræver et gebyr på 120 kr. for kopierne.", "120.00 DKK"),
        ],
        &["Bøden var på 5.000 kr.", "Kontraktens værdi er 800.000 kr."],
    ),
    (
        "Hei, vi har mottatt ditt krav om innsyn og svarer på det her.",
        &[
            ("For utskriftene fakturerer vi kr 500.", "500.00 NOK"),
            ("Det vil koste 240 kroner å kopiere dette.", "240.00 NOK"),
        ],
        &["Kontraktssummen var kr 950 000.", "Overtredelsesgebyret var på 900 kroner."],
    ),
    (
        "Hej, vi har tagit emot din begäran om allmänna handlingar.",
        &[
            ("Avgiften för kopiorna är 222 kr.", "222.00 SEK"),
            ("Kopiorna kostar 500:- och betalas i förskott.", "500.00 SEK"),
        ],
        &["Avtalet är värt 640 000 kronor.", "Böterna var 800 kr."],
    ),
    (
        "Hei, olemme vastaanottaneet tietopyyntönne ja käsittelemme sitä.",
        &[
            ("Kopioista lähetämme laskun 75,00 e.", "75.00 EUR"),
            ("Jäljennöksistä peritään 18,40 euroa.", "18.40 EUR"),
        ],
        &["Sopimuksen arvo on 92 000 euroa.", "Sakko oli 400 euroa."],
    ),
];

#[test]
fn a_charge_is_heard_in_the_words_of_eastern_offices() {
    tell(EASTERN);
}

const EASTERN: &[Told<'_>] = &[
    (
        "Szanowna Pani, potwierdzamy, że otrzymaliśmy Pani wniosek o udostępnienie informacji.",
        &[
            ("Za kopie należy się 23,40 zł.", "23.40 PLN"),
            ("Koszt skanowania wyniesie 86 złotych.", "86.00 PLN"),
        ],
        &["Umowa opiewa na kwotę 245 000 zł.", "Kara wyniosła 500 zł."],
    ),
    (
        "Vážená paní, potvrzujeme, že jsme obdrželi Vaši žádost o informace.",
        &[
            ("Za kopie Vám účtujeme 640,- Kč.", "640.00 CZK"),
            ("Náklady činí 1 250 Kč a jsou splatné předem.", "1250.00 CZK"),
        ],
        &["Smlouva byla uzavřena na 920 000 Kč.", "Pokuta činila 5 000 Kč."],
    ),
    (
        "Vážená pani, potvrdzujeme, že sme dostali Vašu žiadosť o sprístupnenie informácií.",
        &[("Za USB kľúč Vám vyúčtujeme 4,50 €.", "4.50 EUR"), ("Úhrada nákladov je 12,30 eur.", "12.30 EUR")],
        &["Zmluva má hodnotu 54 000 eur.", "Pokuta bola 300 eur."],
    ),
    (
        "Tisztelt Asszonyom! Megkaptuk a közérdekű adat megismerésére irányuló igényét.",
        &[
            ("A másolatok díja 12 500 Ft.", "12500.00 HUF"),
            ("A költségtérítés összege 12.500 Ft, amelyet előre kell megfizetni.", "12500.00 HUF"),
        ],
        &["A szerződés értéke 48 300 000 Ft.", "A bírság 100 000 Ft volt."],
    ),
    (
        "Stimată doamnă, am primit solicitarea dumneavoastră de informații publice.",
        &[
            ("Costul copiilor este de 37,50 lei și se achită la casierie.", "37.50 RON"),
            ("Aveți de achitat 18 RON.", "18.00 RON"),
        ],
        &["Contractul are valoarea de 450.000 lei.", "Amenda a fost de 2.000 lei."],
    ),
    (
        "Уважаема госпожо, получихме Вашето заявление за достъп до обществена информация.",
        &[("Дължите 4,80 евро за копията.", "4.80 EUR"), ("Разходите възлизат на 12,40 лв.", "12.40 BGN")],
        &["Договорът е на стойност 86 000 евро.", "Глобата беше 300 евро."],
    ),
    (
        "Poštovana gospođo, zaprimili smo Vaš zahtjev za pristup informacijama.",
        &[
            ("Naknada za kopije iznosi 6,40 eura.", "6.40 EUR"),
            ("Za presliku ćemo Vam naplatiti 11,20 €.", "11.20 EUR"),
        ],
        &["Vrijednost ugovora je 75.000 eura.", "Kazna je iznosila 400 eura."],
    ),
    (
        "Spoštovana gospa, prejeli smo vašo zahtevo za dostop do informacij javnega značaja.",
        &[
            ("Za kopije vam bomo zaračunali 7,20 EUR.", "7.20 EUR"),
            ("Stroški posredovanja znašajo 14,60 evra.", "14.60 EUR"),
        ],
        &["Vrednost pogodbe je 38.000 EUR.", "Globa je bila 250 EUR."],
    ),
    (
        "Поштована, примили смо Ваш захтев за приступ информацијама од јавног значаја.",
        &[
            ("Трошкови умножавања износе 1.800,00 дин.", "1800.00 RSD"),
            ("За копије је потребно да уплатите 640 РСД.", "640.00 RSD"),
        ],
        &["Уговор вреди 4.500.000 динара.", "Новчана казна је 5.000 динара."],
    ),
    (
        "Poštovana, primili smo Vaš zahtev za pristup informacijama od javnog značaja.",
        &[("Troškovi kopiranja iznose 950 dinara.", "950.00 RSD")],
        &["Ugovor je vredan 3.200.000 dinara."],
    ),
    (
        "Почитувана, го добивме Вашето барање за слободен пристап до информации од јавен карактер.",
        &[
            ("За копиите треба да платите 250 денари.", "250.00 MKD"),
            ("Надоместокот изнесува 180 ден.", "180.00 MKD"),
        ],
        &["Договорот вреди 900.000 денари.", "Казната беше 3.000 денари."],
    ),
    (
        "Αξιότιμη κυρία, λάβαμε την αίτησή σας για χορήγηση εγγράφων.",
        &[
            ("Για τα αντίγραφα οφείλετε 14,80 ευρώ.", "14.80 EUR"),
            ("Το κόστος αναπαραγωγής ανέρχεται σε 22 €.", "22.00 EUR"),
        ],
        &["Η σύμβαση έχει αξία 68.000 ευρώ.", "Το πρόστιμο ήταν 500 ευρώ."],
    ),
    (
        "Lugupeetud proua, oleme Teie teabenõude kätte saanud ja vastame sellele.",
        &[
            ("Väljatrükid maksavad kokku 12,90 eurot.", "12.90 EUR"),
            ("Palume tasuda 8 eurot enne väljastamist.", "8.00 EUR"),
        ],
        &["Lepingu hind oli 48 000 eurot.", "Trahv oli 200 eurot."],
    ),
    (
        "Gerbiama ponia, gavome Jūsų prašymą pateikti informaciją ir jį nagrinėjame.",
        &[
            ("Už kopijas prašome sumokėti 6,80 Eur.", "6.80 EUR"),
            ("Kopijavimo kaina – 11,20 euro.", "11.20 EUR"),
        ],
        &["Sutarties vertė – 56 000 eurų.", "Bauda buvo 300 eurų."],
    ),
    (
        "Cienījamā kundze! Esam saņēmuši Jūsu informācijas pieprasījumu un to izskatām.",
        &[
            ("Par kopijām jāmaksā 11,38 euro.", "11.38 EUR"),
            ("Mēs izrakstīsim rēķinu par EUR 6,20.", "6.20 EUR"),
        ],
        &["Līguma summa ir 64 000 eiro.", "Naudas sods bija 350 eiro."],
    ),
];
