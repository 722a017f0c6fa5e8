package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/postgrestest"
	"latchkey/internal/store"
)

// stopPostgres is for the tests that use PostgreSQL.
var stopPostgres = func() {}

// postgres is started by the first test that needs it. migrated is a database with this program's tables and nothing
// else.
var postgres = sync.OnceValues(func() (*postgrestest.Server, error) {
	server, err := postgrestest.Start()
	if err != nil {
		return nil, err
	}
	stopPostgres = server.Stop
	migrated, err := server.NewDatabase("")
	if err != nil {
		return nil, err
	}
	db, err := store.Open(context.Background(), server.Address(migrated), time.Minute)
	if err != nil {
		return nil, err
	}
	server.Template = migrated
	return server, db.Close()
})

// newPostgres returns the address of a database that holds no accounts.
func newPostgres(t testing.TB) string {
	t.Helper()
	server, err := postgres()
	if errors.Is(err, postgrestest.ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skipf("%v: get it with 'apt-get install postgresql-15'", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name, err := server.NewDatabase(server.Template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Drop(name); err != nil {
			t.Error(err)
		}
	})
	return server.Address(name)
}

// onPostgres reports whether a test is run by one of those below, or by TestOnPostgresCommandScripts.
func onPostgres(t testing.TB) bool { return strings.HasPrefix(t.Name(), "TestOnPostgres") }

// TestOnPostgres runs tests of the site once more, over PostgreSQL: of signing in, limits, recovery, second factors,
// accounts and apps. What it leaves out changes the file in SQLite's words, is about browsers, or sends thousands of requests.
func TestOnPostgres(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"TestLoginOpensTheHomePage":                                              TestLoginOpensTheHomePage,
		"TestLoginAnswersAlikeForWrongNameAndWrongPassword":                      TestLoginAnswersAlikeForWrongNameAndWrongPassword,
		"TestLoginNamesAnEmptyField":                                             TestLoginNamesAnEmptyField,
		"TestLoginIgnoresCredentialsInTheAddress":                                TestLoginIgnoresCredentialsInTheAddress,
		"TestLoginIgnoresUnknownFields":                                          TestLoginIgnoresUnknownFields,
		"TestFormInAnotherFormatIsRefusedWithTheReason":                          TestFormInAnotherFormatIsRefusedWithTheReason,
		"TestLoginLeadsToThePageThatWasAskedFor":                                 TestLoginLeadsToThePageThatWasAskedFor,
		"TestLoginNeverLeadsToAnotherSite":                                       TestLoginNeverLeadsToAnotherSite,
		"TestLoginReplacesAHashWithOldCosts":                                     TestLoginReplacesAHashWithOldCosts,
		"TestLoginWithADamagedHashIsLikeAWrongPasswordAndHarmsNobody":            TestLoginWithADamagedHashIsLikeAWrongPasswordAndHarmsNobody,
		"TestLoginKnowsWhichCostsTheDatabaseHolds":                               TestLoginKnowsWhichCostsTheDatabaseHolds,
		"TestLoginWithoutAUsernameSaysToTypeThePasswordAgain":                    TestLoginWithoutAUsernameSaysToTypeThePasswordAgain,
		"TestSecurityMDSaysHowManyAttemptsAStolenDeviceCookieGives":              TestSecurityMDSaysHowManyAttemptsAStolenDeviceCookieGives,
		"TestLimitsTreatNamesThatDoNotExistExactlyAlike":                         TestLimitsTreatNamesThatDoNotExistExactlyAlike,
		"TestLimitsAreSettingsAndNonsenseIsRefused":                              TestLimitsAreSettingsAndNonsenseIsRefused,
		"TestLoginOfUnknownBrowsersWaitsLongerWithEachFailureAndTheOwnersNever":  TestLoginOfUnknownBrowsersWaitsLongerWithEachFailureAndTheOwnersNever,
		"TestLoginOfAnUnknownBrowserIsTakenAfterTheWait":                         TestLoginOfAnUnknownBrowserIsTakenAfterTheWait,
		"TestLoginAfterAHundredFailuresIsOpenToTheOwnerOnly":                     TestLoginAfterAHundredFailuresIsOpenToTheOwnerOnly,
		"TestKnownBrowserHasASmallLimitOfItsOwn":                                 TestKnownBrowserHasASmallLimitOfItsOwn,
		"TestLimitsOutliveARestart":                                              TestLimitsOutliveARestart,
		"TestLimitsStopOneAddressThatTriesManyAccounts":                          TestLimitsStopOneAddressThatTriesManyAccounts,
		"TestLimitsHoldForEveryFormThatTakesThePassword":                         TestLimitsHoldForEveryFormThatTakesThePassword,
		"TestLimitsHoldForAttemptsAtOnce":                                        TestLimitsHoldForAttemptsAtOnce,
		"TestLimitsLetTheOwnerInAfterTheClockIsSetBackOrCountersAreGone":         TestLimitsLetTheOwnerInAfterTheClockIsSetBackOrCountersAreGone,
		"TestRecoveryCodeIsOfferedUntilThereIsOneOrItIsPutOff":                   TestRecoveryCodeIsOfferedUntilThereIsOneOrItIsPutOff,
		"TestRecoveryCodeIsShownOnceAndStoredHashed":                             TestRecoveryCodeIsShownOnceAndStoredHashed,
		"TestRecoveryCodeLetsAPersonBackIn":                                      TestRecoveryCodeLetsAPersonBackIn,
		"TestRecoveryAnswersAlikeForWrongNameAndWrongCode":                       TestRecoveryAnswersAlikeForWrongNameAndWrongCode,
		"TestRecoveryCodeIsUsedOnlyOnce":                                         TestRecoveryCodeIsUsedOnlyOnce,
		"TestRecoveryIsLimitedByAddress":                                         TestRecoveryIsLimitedByAddress,
		"TestSignInEndsByAgeAndForLackOfUse":                                     TestSignInEndsByAgeAndForLackOfUse,
		"TestSignInEndsAfterTheTimesOfTheSettings":                               TestSignInEndsAfterTheTimesOfTheSettings,
		"TestSessionCookieLastsAsLongAsAnAccountInTheBrowserChose":               TestSessionCookieLastsAsLongAsAnAccountInTheBrowserChose,
		"TestSessionTokenIsNewAfterEachLoginAndLogout":                           TestSessionTokenIsNewAfterEachLoginAndLogout,
		"TestSessionTokenPlantedByAnAttackerIsReplacedAtLogin":                   TestSessionTokenPlantedByAnAttackerIsReplacedAtLogin,
		"TestSessionCookieThatNamesNoSessionIsTheSameAsNone":                     TestSessionCookieThatNamesNoSessionIsTheSameAsNone,
		"TestSessionKeepsItsFlashMessageAfterHEAD":                               TestSessionKeepsItsFlashMessageAfterHEAD,
		"TestSessionCookieSaysNothingAndIsForTheServerOnly":                      TestSessionCookieSaysNothingAndIsForTheServerOnly,
		"TestPasswordChangeVoidsEveryOtherWayIn":                                 TestPasswordChangeVoidsEveryOtherWayIn,
		"TestPasswordLinkVoidsTheRecoveryCode":                                   TestPasswordLinkVoidsTheRecoveryCode,
		"TestRecoveryVoidsThePasswordLink":                                       TestRecoveryVoidsThePasswordLink,
		"TestUserDisableVoidsThePasswordLink":                                    TestUserDisableVoidsThePasswordLink,
		"TestPasswordChangeLeavesNothingThatAnEndedSessionHadBegun":              TestPasswordChangeLeavesNothingThatAnEndedSessionHadBegun,
		"TestLogoutIsDoneAlsoWhenTheWindowIsClosedAtOnce":                        TestLogoutIsDoneAlsoWhenTheWindowIsClosedAtOnce,
		"TestSignInOfTheFutureIsOver":                                            TestSignInOfTheFutureIsOver,
		"TestPasswordConfirmedInTheFutureDoesNotCount":                           TestPasswordConfirmedInTheFutureDoesNotCount,
		"TestSignupLeadsToTheLoginFormWithTheNameFilledIn":                       TestSignupLeadsToTheLoginFormWithTheNameFilledIn,
		"TestSignupShowsMistakesBesideTheirFields":                               TestSignupShowsMistakesBesideTheirFields,
		"TestSignupTakesNamesAndPasswordsThatLookDangerous":                      TestSignupTakesNamesAndPasswordsThatLookDangerous,
		"TestSignupRefusesAPasswordOfTenMegabytes":                               TestSignupRefusesAPasswordOfTenMegabytes,
		"TestSignupSentTwentyTimesAtOnceMakesOneAccount":                         TestSignupSentTwentyTimesAtOnceMakesOneAccount,
		"TestSignupIsLimitedByAddress":                                           TestSignupIsLimitedByAddress,
		"TestSignupMistakesDoNotCountAgainstTheLimit":                            TestSignupMistakesDoNotCountAgainstTheLimit,
		"TestNameCheckTellsFreeNamesFromTakenOnes":                               TestNameCheckTellsFreeNamesFromTakenOnes,
		"TestNameCheckIsLimitedByAddress":                                        TestNameCheckIsLimitedByAddress,
		"TestSignupAsksForTheLeastLengthOfTheSettings":                           TestSignupAsksForTheLeastLengthOfTheSettings,
		"TestSignupThatIsClosedIsNotLinkedTo":                                    TestSignupThatIsClosedIsNotLinkedTo,
		"TestSignupRefusesALeakedPassword":                                       TestSignupRefusesALeakedPassword,
		"TestPasswordChangeLooksForALeakedPasswordWhenTheLimitAllowsIt":          TestPasswordChangeLooksForALeakedPasswordWhenTheLimitAllowsIt,
		"TestAppPasswordEndsByItsOwnerAndWithEverythingThatEndsAccess":           TestAppPasswordEndsByItsOwnerAndWithEverythingThatEndsAccess,
		"TestAppPasswordIsOnlyMadeByItsOwnerForAnAppTheyMayEnter":                TestAppPasswordIsOnlyMadeByItsOwnerForAnAppTheyMayEnter,
		"TestAppPasswordFormComesBackAfterASessionThatEnded":                     TestAppPasswordFormComesBackAfterASessionThatEnded,
		"TestAppPasswordThatIsWrongCountsAgainstTheAddressAlone":                 TestAppPasswordThatIsWrongCountsAgainstTheAddressAlone,
		"TestAppLetsInWhoIsSignedInAndMayEnter":                                  TestAppLetsInWhoIsSignedInAndMayEnter,
		"TestAppRefusesWhoIsNotInItsGroupsAtTheNextRequest":                      TestAppRefusesWhoIsNotInItsGroupsAtTheNextRequest,
		"TestAppGivesEachRefusedRequestWhatItCanUse":                             TestAppGivesEachRefusedRequestWhatItCanUse,
		"TestAppBelievesNobodyWhoSaysWhoTheyAre":                                 TestAppBelievesNobodyWhoSaysWhoTheyAre,
		"TestAppCodeIsGoodOnceForOneBrowserOneHostAndAMinute":                    TestAppCodeIsGoodOnceForOneBrowserOneHostAndAMinute,
		"TestAppOpenedInTenTabsAtOnceShowsEachItsPage":                           TestAppOpenedInTenTabsAtOnceShowsEachItsPage,
		"TestAppEnteredByAnOldCodeLeadsToItsOwnPagesAlone":                       TestAppEnteredByAnOldCodeLeadsToItsOwnPagesAlone,
		"TestAppRefusalOpenedByHandLeadsNowhere":                                 TestAppRefusalOpenedByHandLeadsNowhere,
		"TestForwardAuthSaysWhatTheProxyHasWrong":                                TestForwardAuthSaysWhatTheProxyHasWrong,
		"TestAppIsClosedWhileTheDatabaseIs":                                      TestAppIsClosedWhileTheDatabaseIs,
		"TestIdentityOfTwoPeopleIsNeverTheSame":                                  TestIdentityOfTwoPeopleIsNeverTheSame,
		"TestHomeListsTheAppsThatThePersonMayEnter":                              TestHomeListsTheAppsThatThePersonMayEnter,
		"TestEnterLeadsToNamedAppsAlone":                                         TestEnterLeadsToNamedAppsAlone,
		"TestWayIntoAnAppComesBackWhenTheSessionEndedInTheMiddle":                TestWayIntoAnAppComesBackWhenTheSessionEndedInTheMiddle,
		"TestAccountPagesAreForItsOwnerOnly":                                     TestAccountPagesAreForItsOwnerOnly,
		"TestSignInThatEndedInAnotherTabLeadsToTheLoginFormAndBack":              TestSignInThatEndedInAnotherTabLeadsToTheLoginFormAndBack,
		"TestConfirmIsNeededTenMinutesAfterThePassword":                          TestConfirmIsNeededTenMinutesAfterThePassword,
		"TestConfirmIsNotNeededWithinTenMinutesOfThePassword":                    TestConfirmIsNotNeededWithinTenMinutesOfThePassword,
		"TestPasswordChangeSignsOutAllOtherBrowsers":                             TestPasswordChangeSignsOutAllOtherBrowsers,
		"TestPasswordChangeShowsMistakesBesideTheirFields":                       TestPasswordChangeShowsMistakesBesideTheirFields,
		"TestPasswordChangeTwiceAtOnceRefusesTheSecond":                          TestPasswordChangeTwiceAtOnceRefusesTheSecond,
		"TestAccountDeletedElsewhereAnswersItsFormsWithLogin":                    TestAccountDeletedElsewhereAnswersItsFormsWithLogin,
		"TestPasswordChangeIsFoundAtTheWellKnownAddress":                         TestPasswordChangeIsFoundAtTheWellKnownAddress,
		"TestPasswordChangeRefusesTheCurrentPasswordInAnotherUnicodeForm":        TestPasswordChangeRefusesTheCurrentPasswordInAnotherUnicodeForm,
		"TestAccountDeletionRemovesEverything":                                   TestAccountDeletionRemovesEverything,
		"TestLogHoldsEventsOfAccountsAndNoSecret":                                TestLogHoldsEventsOfAccountsAndNoSecret,
		"TestKnownBrowserClosesAfterAHundredFailuresInARow":                      TestKnownBrowserClosesAfterAHundredFailuresInARow,
		"TestKnownBrowserKeepsItsLimitsWhenAnotherAccountLogsInInIt":             TestKnownBrowserKeepsItsLimitsWhenAnotherAccountLogsInInIt,
		"TestSessionTokenThatWasReplacedIsNotBroughtBackByRequestsUnderWay":      TestSessionTokenThatWasReplacedIsNotBroughtBackByRequestsUnderWay,
		"TestKnownBrowserIsNotHeldByWhatOthersDoAtItsAddress":                    TestKnownBrowserIsNotHeldByWhatOthersDoAtItsAddress,
		"TestKnownBrowserIsOneInWhichTheOwnerGaveAProof":                         TestKnownBrowserIsOneInWhichTheOwnerGaveAProof,
		"TestLimitOnANameEndsWithItsAccountAndWhenOneIsMade":                     TestLimitOnANameEndsWithItsAccountAndWhenOneIsMade,
		"TestConfirmCarriesOnlyTheFieldsOfTheAction":                             TestConfirmCarriesOnlyTheFieldsOfTheAction,
		"TestDeviceCookieThatWasPlantedIsReplacedAtLogin":                        TestDeviceCookieThatWasPlantedIsReplacedAtLogin,
		"TestPasswordChangeForgetsTheOtherKnownBrowsers":                         TestPasswordChangeForgetsTheOtherKnownBrowsers,
		"TestDeviceCookieNamesNobody":                                            TestDeviceCookieNamesNobody,
		"TestSignInsHavePages":                                                   TestSignInsHavePages,
		"TestSignInsOfAScriptDoNotFillThePageNorTheDisk":                         TestSignInsOfAScriptDoNotFillThePageNorTheDisk,
		"TestLoginTellsOfTheLoginBeforeIt":                                       TestLoginTellsOfTheLoginBeforeIt,
		"TestLoginAgainAndAgainLeavesABoundedNumberOfSessions":                   TestLoginAgainAndAgainLeavesABoundedNumberOfSessions,
		"TestSignupChecksNamesOnlyForItsOwnPage":                                 TestSignupChecksNamesOnlyForItsOwnPage,
		"TestSignupGivesNobodyANameThatLooksLikeAnothers":                        TestSignupGivesNobodyANameThatLooksLikeAnothers,
		"TestSignupTellsNamesOfPlainLettersApart":                                TestSignupTellsNamesOfPlainLettersApart,
		"TestSignupTakesNamesThatPeopleWriteInTwoScriptsOrWithJoiners":           TestSignupTakesNamesThatPeopleWriteInTwoScriptsOrWithJoiners,
		"TestSignupsThatLookAlikeSentTwentyTimesAtOnceMakeOneAccount":            TestSignupsThatLookAlikeSentTwentyTimesAtOnceMakeOneAccount,
		"TestLoginIsOpenToAccountsThatLookAlikeSinceBefore":                      TestLoginIsOpenToAccountsThatLookAlikeSinceBefore,
		"TestSignupComparesNamesByTheDataOfThisProgram":                          TestSignupComparesNamesByTheDataOfThisProgram,
		"TestSignInsAreShownToTheirOwner":                                        TestSignInsAreShownToTheirOwner,
		"TestSignInOfAnotherBrowserCanBeEnded":                                   TestSignInOfAnotherBrowserCanBeEnded,
		"TestActivityShowsWhatHappenedToTheAccount":                              TestActivityShowsWhatHappenedToTheAccount,
		"TestActivityShowsTheLastFiftyEvents":                                    TestActivityShowsTheLastFiftyEvents,
		"TestActivityFoldsRepeatedFailuresIntoOneRow":                            TestActivityFoldsRepeatedFailuresIntoOneRow,
		"TestActivityOfOneKindDoesNotGrowWithoutBound":                           TestActivityOfOneKindDoesNotGrowWithoutBound,
		"TestActivityIsRemovedAfterNinetyDays":                                   TestActivityIsRemovedAfterNinetyDays,
		"TestActivityCutsALongUserAgentOfAnUnknownBrowser":                       TestActivityCutsALongUserAgentOfAnUnknownBrowser,
		"TestHomeOfAnotherUserLooksTheSameWhetherTheAccountExistsOrNot":          TestHomeOfAnotherUserLooksTheSameWhetherTheAccountExistsOrNot,
		"TestHomeHasNoPagesBelowIt":                                              TestHomeHasNoPagesBelowIt,
		"TestHomeOfSeveralAccountsWorksInOneBrowser":                             TestHomeOfSeveralAccountsWorksInOneBrowser,
		"TestLogoutEndsTheSignInOnTheServer":                                     TestLogoutEndsTheSignInOnTheServer,
		"TestLogoutNeedsMoreThanALink":                                           TestLogoutNeedsMoreThanALink,
		"TestLogoutTwiceIsNoError":                                               TestLogoutTwiceIsNoError,
		"TestLogoutIsNotUndoneByAnOverlappingRequest":                            TestLogoutIsNotUndoneByAnOverlappingRequest,
		"TestSignupRefusesPasswordsThatAreEasyToGuessAndSaysWhy":                 TestSignupRefusesPasswordsThatAreEasyToGuessAndSaysWhy,
		"TestSignupRefusesALeakedPasswordInTheFormInWhichItLeaked":               TestSignupRefusesALeakedPasswordInTheFormInWhichItLeaked,
		"TestLoginAsSomebodyElseLeadsToOnesOwnHomePage":                          TestLoginAsSomebodyElseLeadsToOnesOwnHomePage,
		"TestLoginLeadsToAnyPageOfTheAccountItself":                              TestLoginLeadsToAnyPageOfTheAccountItself,
		"TestLoginWithBothAccountsInOneBrowserLeadsToTheOneJustUsed":             TestLoginWithBothAccountsInOneBrowserLeadsToTheOneJustUsed,
		"TestSessionEndedAsksToLogInAndBringsBackWhatWasTyped":                   TestSessionEndedAsksToLogInAndBringsBackWhatWasTyped,
		"TestSessionThatNeverWasIsNotCalledEnded":                                TestSessionThatNeverWasIsNotCalledEnded,
		"TestSessionEndedFormHasATokenThatGoes":                                  TestSessionEndedFormHasATokenThatGoes,
		"TestNextComesAlongThroughSignupAndTheUsernameThroughForgotPassword":     TestNextComesAlongThroughSignupAndTheUsernameThroughForgotPassword,
		"TestLoginPageSaysWhoIsSignedIn":                                         TestLoginPageSaysWhoIsSignedIn,
		"TestNameIsShownAsItWasTypedAtSignup":                                    TestNameIsShownAsItWasTypedAtSignup,
		"TestFactsDoNotLookLikeErrors":                                           TestFactsDoNotLookLikeErrors,
		"TestPasswordLinkIsGoodFor24HoursAndIsNotInTheLog":                       TestPasswordLinkIsGoodFor24HoursAndIsNotInTheLog,
		"TestRecoveryCodeOfADisabledAccountIsRefused":                            TestRecoveryCodeOfADisabledAccountIsRefused,
		"TestLoginFindsANamePastedWithInvisibleCharacters":                       TestLoginFindsANamePastedWithInvisibleCharacters,
		"TestLoginCountsAllSpellingsOfANameTogether":                             TestLoginCountsAllSpellingsOfANameTogether,
		"TestRecoveryAndDeletingFindANamePastedWithInvisibleCharacters":          TestRecoveryAndDeletingFindANamePastedWithInvisibleCharacters,
		"TestSignupTakesNoNameWithInvisibleCharacters":                           TestSignupTakesNoNameWithInvisibleCharacters,
		"TestRecoveryTakesACodeHoweverItWasPasted":                               TestRecoveryTakesACodeHoweverItWasPasted,
		"TestLoginChallengesInHTTPsOwnTermsWhereItIsNeeded":                      TestLoginChallengesInHTTPsOwnTermsWhereItIsNeeded,
		"TestLoginSaysThatCookiesAreNeeded":                                      TestLoginSaysThatCookiesAreNeeded,
		"TestLoginBlamesNoCookiesThatAreKept":                                    TestLoginBlamesNoCookiesThatAreKept,
		"TestLoginInABrowserThatKeepsNoCookiesSaysSo":                            TestLoginInABrowserThatKeepsNoCookiesSaysSo,
		"TestUserListThatNobodyReadsToTheEndHoldsNoRead":                         TestUserListThatNobodyReadsToTheEndHoldsNoRead,
		"TestUserListHasEveryAccountOnceInOrder":                                 TestUserListHasEveryAccountOnceInOrder,
		"TestActivityHasPages":                                                   TestActivityHasPages,
		"TestActivityShowsHowOftenAndWhenTheLastTime":                            TestActivityShowsHowOftenAndWhenTheLastTime,
		"TestCodesThatOthersTryKeepNoOwnerOutOfAKnownBrowser":                    TestCodesThatOthersTryKeepNoOwnerOutOfAKnownBrowser,
		"TestUserUnlockLetsCodesBeTriedAgain":                                    TestUserUnlockLetsCodesBeTriedAgain,
		"TestCodesGoOnWhenTheServersClockWasWrong":                               TestCodesGoOnWhenTheServersClockWasWrong,
		"TestSecurityMDSaysHowManyCodesAStolenDeviceCookieGives":                 TestSecurityMDSaysHowManyCodesAStolenDeviceCookieGives,
		"TestConfirmTakesAsManyCodesAsAKnownBrowserHasInEachSignIn":              TestConfirmTakesAsManyCodesAsAKnownBrowserHasInEachSignIn,
		"TestLoginByPasswordAndRecoveryCodeOpensAllLimitsOfTheAccount":           TestLoginByPasswordAndRecoveryCodeOpensAllLimitsOfTheAccount,
		"TestCodesAreTurnedOnByTypingOneOfThem":                                  TestCodesAreTurnedOnByTypingOneOfThem,
		"TestCodesAreConfirmedWithinAQuarterOfAnHourByTheirOwnerAlone":           TestCodesAreConfirmedWithinAQuarterOfAnHourByTheirOwnerAlone,
		"TestCodesAreSetUpAndRemovedOnlyAfterBothFactors":                        TestCodesAreSetUpAndRemovedOnlyAfterBothFactors,
		"TestCodesOfAnotherPhoneReplaceTheOldOnes":                               TestCodesOfAnotherPhoneReplaceTheOldOnes,
		"TestLoginWhoseSecondStepComesTooLateStartsAgainAndGoesWhereItShould":    TestLoginWhoseSecondStepComesTooLateStartsAgainAndGoesWhereItShould,
		"TestLoginWithASecondStepInABrowserThatKeepsNoCookiesSaysSo":             TestLoginWithASecondStepInABrowserThatKeepsNoCookiesSaysSo,
		"TestLoginThatIsHalfDoneOutlivesAMessageOnThePage":                       TestLoginThatIsHalfDoneOutlivesAMessageOnThePage,
		"TestLoginWithCodesTakesTwoSteps":                                        TestLoginWithCodesTakesTwoSteps,
		"TestLoginRefusesCodesThatAreNotTheAccounts":                             TestLoginRefusesCodesThatAreNotTheAccounts,
		"TestLoginTakesEachCodeOnce":                                             TestLoginTakesEachCodeOnce,
		"TestLoginTakesACodeOnceOfManyAtTheSameMoment":                           TestLoginTakesACodeOnceOfManyAtTheSameMoment,
		"TestLoginsSecondStepNeedsTheFirstInThisBrowser":                         TestLoginsSecondStepNeedsTheFirstInThisBrowser,
		"TestLoginThatIsHalfDoneEndsWithWhatEndsSignIns":                         TestLoginThatIsHalfDoneEndsWithWhatEndsSignIns,
		"TestLoginOfASecondAccountKeepsTheFirstSignedIn":                         TestLoginOfASecondAccountKeepsTheFirstSignedIn,
		"TestLoginByPasswordAndRecoveryCodeAsksToReplaceTheFactor":               TestLoginByPasswordAndRecoveryCodeAsksToReplaceTheFactor,
		"TestRecoveryOfAnAccountWithCodesTakesOneOfThem":                         TestRecoveryOfAnAccountWithCodesTakesOneOfThem,
		"TestPasswordLinkTakesACodeUnlessTheSecondFactorIsLost":                  TestPasswordLinkTakesACodeUnlessTheSecondFactorIsLost,
		"TestOwnerIsToldThatSomebodyKnewThePasswordAndHadNoCode":                 TestOwnerIsToldThatSomebodyKnewThePasswordAndHadNoCode,
		"TestSecondFactorWhereItIsRequiredComesBeforeAllElse":                    TestSecondFactorWhereItIsRequiredComesBeforeAllElse,
		"TestSecondFactorThatAGroupRequiresComesBeforeAllElse":                   TestSecondFactorThatAGroupRequiresComesBeforeAllElse,
		"TestAppThatRequiresASecondFactorLetsInOnlyWhoHasOne":                    TestAppThatRequiresASecondFactorLetsInOnlyWhoHasOne,
		"TestAppPasswordOfAnAccountWithoutTheRequiredSecondFactorIsWorthNothing": TestAppPasswordOfAnAccountWithoutTheRequiredSecondFactorIsWorthNothing,
		"TestPasskeyIsTheSecondStepOfALogin":                                     TestPasskeyIsTheSecondStepOfALogin,
		"TestSecondStepWithoutTheRightPasskeySignsNobodyIn":                      TestSecondStepWithoutTheRightPasskeySignsNobodyIn,
		"TestPasswordChangedBetweenTheStepsSignsNobodyInByPasskey":               TestPasswordChangedBetweenTheStepsSignsNobodyInByPasskey,
		"TestPasskeyAloneConfirms":                                               TestPasskeyAloneConfirms,
		"TestRecoveryTakesThePasskeyOfTheAccount":                                TestRecoveryTakesThePasskeyOfTheAccount,
		"TestPasswordLinkTakesThePasskeyOfTheAccount":                            TestPasswordLinkTakesThePasskeyOfTheAccount,
		"TestPasskeyOfAnOldHostIsNamedAndNotAskedFor":                            TestPasskeyOfAnOldHostIsNamedAndNotAskedFor,
		"TestNoPageNorLogShowsWhatAPasskeySigned":                                TestNoPageNorLogShowsWhatAPasskeySigned,
		"TestStartSaysWhichPasskeysAChangeOfTheHostEnds":                         TestStartSaysWhichPasskeysAChangeOfTheHostEnds,
		"TestPasskeyThatIsUnreadableSignsNobodyIn":                               TestPasskeyThatIsUnreadableSignsNobodyIn,
		"TestPasskeyOfADeletedAccountSignsNobodyIn":                              TestPasskeyOfADeletedAccountSignsNobodyIn,
		"TestChallengeIsAnsweredOnceLatelyAndForItsPurpose":                      TestChallengeIsAnsweredOnceLatelyAndForItsPurpose,
		"TestChallengesAreLimitedByAddress":                                      TestChallengesAreLimitedByAddress,
		"TestPasskeyAnswerSentByManyAtOnceCountsOnce":                            TestPasskeyAnswerSentByManyAtOnceCountsOnce,
		"TestPasskeyRemovedAtThatMomentSignsNobodyInAfterwards":                  TestPasskeyRemovedAtThatMomentSignsNobodyInAfterwards,
		"TestPasskeyThatIsWrongIsNotAdded":                                       TestPasskeyThatIsWrongIsNotAdded,
		"TestPasskeyMadeIsAddedOnce":                                             TestPasskeyMadeIsAddedOnce,
		"TestPasskeyLoginAddsToTheAccountsOfTheBrowser":                          TestPasskeyLoginAddsToTheAccountsOfTheBrowser,
		"TestPasskeyIsCountedAmongTheLogins":                                     TestPasskeyIsCountedAmongTheLogins,
		"TestLoginPageOffersPasskeysOnlyOnceThereIsOne":                          TestLoginPageOffersPasskeysOnlyOnceThereIsOne,
		"TestPasskeysAreNotOfferedWhereBrowsersHaveNone":                         TestPasskeysAreNotOfferedWhereBrowsersHaveNone,
		"TestPasskeyNeedsASavedRecoveryCodeFirst":                                TestPasskeyNeedsASavedRecoveryCodeFirst,
		"TestFirstPasskeyLogsOutEverywhereElse":                                  TestFirstPasskeyLogsOutEverywhereElse,
		"TestPasskeyIsListedWithWhatItsOwnerKnowsItBy":                           TestPasskeyIsListedWithWhatItsOwnerKnowsItBy,
		"TestPasskeyHandleIsRandomAndOneForAllPasskeysOfAnAccount":               TestPasskeyHandleIsRandomAndOneForAllPasskeysOfAnAccount,
		"TestPasskeyIsRemovedAndNoLongerGood":                                    TestPasskeyIsRemovedAndNoLongerGood,
		"TestPasskeyOfAnotherAccountIsNotRemoved":                                TestPasskeyOfAnotherAccountIsNotRemoved,
		"TestChangingPasskeysNeedsBothFactorsLately":                             TestChangingPasskeysNeedsBothFactorsLately,
		"TestPasskeyEndpointsLeadToWherePasskeysAreMade":                         TestPasskeyEndpointsLeadToWherePasskeysAreMade,
		"TestSecondFactorWhereItIsRequiredIsReplacedWhenTheKeyFileIsLost":        TestSecondFactorWhereItIsRequiredIsReplacedWhenTheKeyFileIsLost,
		"TestSecondFactorWhereItIsRequiredIsReplacedWhenPasskeysAreOfAnOldHost":  TestSecondFactorWhereItIsRequiredIsReplacedWhenPasskeysAreOfAnOldHost,
		"TestAppThatRequiresASecondFactorLetsInNobodyByRecoveryCode":             TestAppThatRequiresASecondFactorLetsInNobodyByRecoveryCode,
		"TestSecondFactorSetUpOnTheWayLeadsOnToThePage":                          TestSecondFactorSetUpOnTheWayLeadsOnToThePage,
		"TestSecondFactorSetUpOnTheWayLeadsOnToTheApp":                           TestSecondFactorSetUpOnTheWayLeadsOnToTheApp,
		"TestSecondFactorSetUpOnTheWayByPasskeyLeadsOn":                          TestSecondFactorSetUpOnTheWayByPasskeyLeadsOn,
		"TestLoginByRecoveryCodeLeadsOnToWhereThePersonWasGoing":                 TestLoginByRecoveryCodeLeadsOnToWhereThePersonWasGoing,
		"TestSecondFactorLeadsOnToThisSiteAlone":                                 TestSecondFactorLeadsOnToThisSiteAlone,
		"TestSecondFactorThatIsRequiredLeavesNoOtherRouteOfTheAccount":           TestSecondFactorThatIsRequiredLeavesNoOtherRouteOfTheAccount,
		"TestFirstSecondFactorTakesNoRecoveryCodeThatAnotherSignInMade":          TestFirstSecondFactorTakesNoRecoveryCodeThatAnotherSignInMade,
		"TestFirstSecondFactorEndsAppPasswordsThatThePasswordAloneMade":          TestFirstSecondFactorEndsAppPasswordsThatThePasswordAloneMade,
		"TestPasswordChangeTakesTheSecondFactor":                                 TestPasswordChangeTakesTheSecondFactor,
		"TestEnrolmentOfCodesIsGoodInItsSignInAlone":                             TestEnrolmentOfCodesIsGoodInItsSignInAlone,
		"TestHalfLoginEndsWithALogOutInItsBrowser":                               TestHalfLoginEndsWithALogOutInItsBrowser,
		"TestHalfLoginOfAWrongClockIsOver":                                       TestHalfLoginOfAWrongClockIsOver,
		"TestOwnerIsNotToldOfALoginThatTheSameBrowserBeganAgain":                 TestOwnerIsNotToldOfALoginThatTheSameBrowserBeganAgain,
		"TestOwnerSeesThatARecoveryCodeWasRightAndTheSecondFactorMissing":        TestOwnerSeesThatARecoveryCodeWasRightAndTheSecondFactorMissing,
		"TestCodesAreNotSetUpUnderAnotherKeyThanThoseOfOthers":                   TestCodesAreNotSetUpUnderAnotherKeyThanThoseOfOthers,
	} {
		t.Run(name, test)
	}
}
